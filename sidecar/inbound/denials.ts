import type { Say } from "../options.ts";
import type { AccessMode } from "../policy/authorize.ts";
import type { Call } from "../stack/call.ts";
import { withoutQuery } from "../stack/without-query.ts";

const SAY_EVERY_MS = 60_000;
/** Pairs of caller and rule that are told apart; more are forgotten, and told as if they were new. */
const MOST_PAIRS = 1000;

interface Told {
  at: number;
  untold: number;
}

/**
 * Tells the operator of calls that authorization denied, or would have: for each caller and rule the first, and then at
 * most one line a minute with how many there were, so that no caller can fill the log. The access log has each of them.
 */
export class Denials {
  readonly #say: Say;
  readonly #now: () => number;
  readonly #told = new Map<string, Told>();

  /** @param now monotonic, in ms */
  constructor(say: Say, now: () => number) {
    this.#say = say;
    this.#now = now;
  }

  count({ head: { caller, method, path } }: Call, rule: string, mode: AccessMode): void {
    const key = `${caller} ${mode} ${rule}`;
    const now = this.#now();
    const told = this.#told.get(key);
    if (told !== undefined && now - told.at < SAY_EVERY_MS) {
      told.untold++;
      return;
    }
    if (told === undefined && this.#told.size >= MOST_PAIRS) this.#told.clear();
    const more =
      told === undefined || told.untold === 0 ? "" : ` (and ${told.untold} more since the last line)`;
    this.#told.set(key, { at: now, untold: 0 });
    const what = mode === "shadow" ? "would deny, and lets through," : "denied";
    // No query: it may hold secrets.
    this.#say(
      "warn",
      `authorization ${what} ${method} ${withoutQuery(path)} of ${caller} by ${rule}${more}`,
      mode === "shadow" ? "would-deny" : "denied",
    );
  }
}
