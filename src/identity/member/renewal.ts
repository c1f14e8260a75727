import { AuthorityError } from "./authority-client.ts";
import { renewIdentity } from "./enrol.ts";
import type { Identity } from "./identity.ts";

/** Time, for tests to turn by hand. */
export interface RenewalClock {
  /** Unix time in ms. */
  now(): number;
  /** @returns the way to call it off */
  after(ms: number, run: () => void): () => void;
}

const realClock: RenewalClock = {
  now: Date.now,
  after: (ms, run) => {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
};

export interface RenewalOptions {
  /** Brings new credentials into the identity; `renewIdentity` by default. */
  readonly renew?: () => Promise<void>;
  /** The credentials are new: time to open a new connection with them. What it throws is reported, not retried. */
  readonly onRenewed?: () => Promise<void> | void;
  /** Each failure, with a message that says what to do. */
  readonly onFailed?: (error: Error) => void;
  readonly clock?: RenewalClock;
  /** 0 to 1. */
  readonly random?: () => number;
}

/** For metrics and `/config`. Times are Unix ms. */
export interface RenewalState {
  readonly jwtExpiresAt: number;
  readonly certExpiresAt: number;
  /** Failures in a row. */
  readonly failures: number;
  readonly lastError: string | undefined;
  /** When the next try is due; undefined when it has stopped, or one is under way. */
  readonly nextAt: number | undefined;
  /** Too late to renew: only a new token helps. */
  readonly lapsed: boolean;
}

const BACKOFF_MS = 1000;
const BACKOFF_CAP_MS = 60_000;
/** Of half the life, so that instances that started together do not renew together. */
const JITTER = 0.1;

/** Answers of the authority that no further try will change. */
const HOPELESS: ReadonlySet<string> = new Set(["certificate-expired", "revoked"]);

/** Renews an identity at half the life of its JWT, for as long as it runs. */
export class Renewal {
  readonly #identity: Identity;
  readonly #renew: () => Promise<void>;
  readonly #onRenewed: () => Promise<void> | void;
  readonly #onFailed: (error: Error) => void;
  readonly #clock: RenewalClock;
  readonly #random: () => number;
  #cancel: (() => void) | undefined;
  #nextAt: number | undefined;
  #failures = 0;
  #lastError: string | undefined;
  #lapsed = false;
  #stopped = false;

  constructor(identity: Identity, options: RenewalOptions = {}) {
    this.#identity = identity;
    this.#renew = options.renew ?? (() => renewIdentity(identity));
    this.#onRenewed = options.onRenewed ?? (() => {});
    this.#onFailed = options.onFailed ?? (() => {});
    this.#clock = options.clock ?? realClock;
    this.#random = options.random ?? Math.random;
    this.#planHalfLife();
  }

  get state(): RenewalState {
    const { jwtExpiresAt, certExpiresAt } = this.#identity;
    return {
      ...{ jwtExpiresAt, certExpiresAt, failures: this.#failures, lastError: this.#lastError },
      ...{ nextAt: this.#nextAt, lapsed: this.#lapsed },
    };
  }

  /** One under way still ends. */
  stop(): void {
    this.#stopped = true;
    this.#planNothing();
  }

  /**
   * Renews within `withinMs`, if what there is was issued before `issuedBefore` (Unix ms, by the authority's clock).
   * One that is under way counts as later.
   */
  renewSoon(issuedBefore: number, withinMs: number): void {
    if (this.#identity.issuedAt >= issuedBefore || this.#lapsed) return;
    const at = this.#clock.now() + withinMs * this.#random();
    if (this.#nextAt !== undefined && at < this.#nextAt) this.#plan(at - this.#clock.now());
  }

  #planHalfLife(): void {
    const { issuedAt, jwtExpiresAt } = this.#identity;
    const half = ((jwtExpiresAt - issuedAt) / 2) * (1 - JITTER + 2 * JITTER * this.#random());
    this.#plan(Math.max(0, issuedAt + half - this.#clock.now()));
  }

  /** Doubling from a second to a minute, each between half and one and a half times that. */
  #planRetry(): void {
    const backoff = Math.min(BACKOFF_CAP_MS, BACKOFF_MS * 2 ** (this.#failures - 1));
    this.#plan(backoff * (0.5 + this.#random()));
  }

  #plan(ms: number): void {
    this.#planNothing();
    if (this.#stopped) return;
    this.#nextAt = this.#clock.now() + ms;
    this.#cancel = this.#clock.after(ms, () => void this.#attempt());
  }

  #planNothing(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#nextAt = undefined;
  }

  async #attempt(): Promise<void> {
    this.#planNothing();
    try {
      await this.#renew();
    } catch (error) {
      return this.#failed(error as Error);
    }
    this.#failures = 0;
    this.#lastError = undefined;
    this.#planHalfLife();
    if (this.#stopped) return;
    try {
      await this.#onRenewed();
    } catch (error) {
      // The old connection goes on until its JWT ends, and reconnects with the new one then.
      this.#onFailed(error as Error);
    }
  }

  #failed(error: Error): void {
    this.#failures++;
    this.#lastError = error.message;
    this.#lapsed =
      this.#clock.now() >= this.#identity.certExpiresAt ||
      (error instanceof AuthorityError && HOPELESS.has(error.code));
    if (!this.#lapsed) this.#planRetry();
    this.#onFailed(error);
  }
}
