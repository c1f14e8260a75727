import type { Clock } from "../../registry/clock.ts";
import type { Log } from "../../registry/drops.ts";

/** Resolves when all have answered, with how many there are; rejects with the cause when one does not answer. */
export type LookAtAuthorities = () => Promise<number>;

/** Whether the authorities answer; `away` since the first look that failed. */
export type WatchState =
  | { readonly kind: "unknown" | "there" }
  | { readonly kind: "away"; readonly since: number; readonly cause: string };

const LOOK_EVERY_MS = 3000;
/** An authority that is up answers in milliseconds. */
const WITHIN_MS = 3000;
/** One that crashed is started again before the second look. */
const AWAY_AFTER = 2;

export interface WatchDeps {
  /** Absent where this registry knows of no authority. */
  readonly look: LookAtAuthorities | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Looks at the authorities now and then: nothing needs one but enrolment and renewal, so that one that hangs would be
 * seen only when the first identities have ended.
 */
export class AuthorityWatch {
  readonly #deps: WatchDeps;
  #state: WatchState = { kind: "unknown" };
  #misses = 0;
  #missedSince = 0;
  #cancel = (): void => {};
  #stopped = false;

  constructor(deps: WatchDeps) {
    this.#deps = deps;
  }

  get state(): WatchState {
    return this.#state;
  }

  start(): void {
    if (this.#deps.look !== undefined) void this.#again(this.#deps.look);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  async #again(look: LookAtAuthorities): Promise<void> {
    const found = await this.#look(look);
    if (this.#stopped) return;
    // None is known yet: nothing is to be told.
    if (found !== 0) this.#take(typeof found === "string" ? found : undefined);
    this.#cancel = this.#deps.clock.after(LOOK_EVERY_MS, () => void this.#again(look));
  }

  /** @returns how many have answered, or why one has not */
  async #look(look: LookAtAuthorities): Promise<number | string> {
    let cancel = (): void => {};
    const late = new Promise<string>((resolve) => {
      const cause = `no answer within ${WITHIN_MS / 1000} s`;
      cancel = this.#deps.clock.after(WITHIN_MS, () => resolve(cause));
    });
    const found = await Promise.race([look().catch((error: Error) => error.message), late]);
    cancel();
    return found;
  }

  #take(cause: string | undefined): void {
    const { clock, log } = this.#deps;
    const wasAway = this.#state.kind === "away";
    if (cause === undefined) {
      this.#misses = 0;
      this.#state = { kind: "there" };
      if (wasAway) log.info({ event: "authority-there" }, "the authority answers again");
      return;
    }
    if (this.#misses++ === 0) this.#missedSince = clock.unix();
    if (this.#misses < AWAY_AFTER) return;
    this.#state = { kind: "away", since: this.#missedSince, cause };
    if (!wasAway) log.warn({ event: "authority-silent", cause }, "the authority does not answer");
  }
}
