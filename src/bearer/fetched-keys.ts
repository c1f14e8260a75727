import { type KeySet, readKeySet } from "./key-set.ts";
import type { Keys } from "./keys.ts";

/** As much of a clock as this needs; the mesh's own has it. */
export interface Timing {
  /** Monotonic, in ms. */
  now(): number;
  /** Runs once after `ms`; returns the way to stop it. */
  after(ms: number, run: () => void): () => void;
}

export interface FetchedKeysOptions {
  /** Gets the key set as JSON. Rejects with a reason for people. */
  readonly fetch: () => Promise<unknown>;
  readonly clock: Timing;
  readonly refreshMs: number;
  readonly maxStaleMs: number;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Told once when the issuer is away, or publishes keys that are not used, and once when it is back. */
  readonly say: (level: "info" | "warn", message: string, event: string) => void;
}

/** jose's `cooldownDuration`: who sends tokens with names of keys that nobody has must not make us flood the issuer. */
const COOLDOWN_MS = 30_000;
const LEAST_RETRY_MS = 1000;
const MOST_RETRY_MS = 30_000;

/**
 * The keys of an issuer, fetched at once, then again and again, and when a token names one that is not known. While the
 * issuer is away the last ones stay good for `maxStaleMs`. What it no longer publishes is no longer used.
 *
 * Not jose's `createRemoteJWKSet`: that has no clock to be injected, forgets its keys when they are old and the issuer is
 * away, and fetches only when a call waits for it.
 */
export class FetchedKeys implements Keys {
  readonly #options: FetchedKeysOptions;
  #set: KeySet | undefined;
  #confirmedAt = Number.NEGATIVE_INFINITY;
  #askedAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #said = "";
  #fetching: Promise<void> | undefined;
  #cancelNext: (() => void) | undefined;
  #closed = false;

  constructor(options: FetchedKeysOptions) {
    this.#options = options;
    void this.#fetch();
  }

  current(): KeySet | undefined {
    return this.#age() <= this.#options.maxStaleMs ? this.#set : undefined;
  }

  async newer(): Promise<KeySet | undefined> {
    const now = this.#options.clock.now();
    if (this.#fetching === undefined && now - this.#askedAt >= COOLDOWN_MS) {
      this.#askedAt = now;
      void this.#fetch();
    }
    await this.#fetching;
    return this.current();
  }

  ageMs(): number | undefined {
    return this.#set && this.#age();
  }

  close(): void {
    this.#closed = true;
    this.#cancelNext?.();
  }

  #age(): number {
    return this.#options.clock.now() - this.#confirmedAt;
  }

  /** Never rejects; only one at a time. */
  #fetch(): Promise<void> {
    this.#cancelNext?.();
    this.#fetching = this.#fetchOnce().finally(() => {
      this.#fetching = undefined;
      if (!this.#closed)
        this.#cancelNext = this.#options.clock.after(this.#pauseMs(), () => void this.#fetch());
    });
    return this.#fetching;
  }

  async #fetchOnce(): Promise<void> {
    try {
      const json = await this.#options.fetch();
      // The same object while the keys are the same: what was found good with it stays good.
      if (this.#set?.isSameAs(json) !== true) this.#set = readKeySet(json);
      this.#confirmedAt = this.#options.clock.now();
      this.#failures = 0;
      const { leftOut } = this.#set!;
      this.#tell(leftOut.length === 0 ? "" : `some keys are not used: ${leftOut.join("; ")}`);
    } catch (error) {
      this.#failures++;
      const left = this.current() === undefined ? "no token can be checked" : "the last ones are used on";
      this.#tell(`the keys cannot be had, ${left}: ${(error as Error).message}`);
    }
  }

  /** Once for each trouble. @param trouble empty when all is well */
  #tell(trouble: string): void {
    if (this.#closed || trouble === this.#said) return;
    this.#said = trouble;
    if (trouble !== "") this.#options.say("warn", trouble, "keys-trouble");
    else this.#options.say("info", "the keys are had again", "keys-back");
  }

  /** Spread by a tenth, so that the sidecars of a mesh do not ask in step. */
  #pauseMs(): number {
    const { refreshMs, random } = this.#options;
    const retryMs = Math.min(MOST_RETRY_MS, LEAST_RETRY_MS * 2 ** Math.min(10, this.#failures - 1));
    return (this.#failures === 0 ? refreshMs : Math.min(refreshMs, retryMs)) * (0.9 + 0.2 * random());
  }
}
