import type { Code } from "../../src/protocol/code.ts";
import type { Call, Layer } from "../stack/call.ts";
import { type Outcome, statusOf } from "../stack/outcome.ts";
import type { Sweep } from "../stack/sweep.ts";
import { endedWaiting, Wait } from "./wait.ts";

export interface RetryOptions {
  /** Attempts after the first. Gateway API `retry.attempts`. */
  readonly attempts: number;
  /** Gateway API `retry.backoff`. */
  readonly baseMs: number;
  readonly capMs: number;
  /** From 0 to below 1. */
  readonly random: () => number;
}

export const RETRY: RetryOptions = { attempts: 2, baseMs: 25, capMs: 250, random: Math.random };

/** Where another attempt may find another instance, or the same in a better state. */
const WORTH_IT: ReadonlySet<Code> = new Set(["no-instance", "draining", "app-unreachable"]);

/**
 * Tries again what no app can have seen, whatever the method. Full jitter, `random(0, (2^n − 1) · base)`, so that
 * callers that failed together do not come back together (AWS Architecture Blog; Linkerd and Envoy do alike).
 */
export const retryUndelivered =
  ({ attempts, baseMs, capMs, random }: RetryOptions, sweep: Sweep): Layer =>
  (inner) =>
  async (call) => {
    let startedAt = call.startedAt + call.waitedMs;
    let outcome = await inner(call);
    for (let n = 1; n <= attempts && isWorthIt(outcome) && !call.spent; n++) {
      noteAttempt(call, outcome, sweep.now() - startedAt);
      call.instance = "";
      const how = await new Wait(call, sweep, Math.min(capMs, random() * (2 ** n - 1) * baseMs)).ended;
      if (how !== "over" && how !== "woken")
        return endedWaiting(call, how, sweep.now(), "between two attempts");
      call.attempt++;
      startedAt = sweep.now();
      outcome = await inner(call);
    }
    return outcome;
  };

const isWorthIt = (outcome: Outcome): boolean =>
  outcome.kind === "failed" && outcome.delivered === "no" && WORTH_IT.has(outcome.code);

/** Keeps what an attempt came to, for whoever asks why the call took so long. */
function noteAttempt(call: Call, outcome: Outcome, ms: number): void {
  const code = outcome.kind === "replied" ? "" : outcome.code;
  call.earlier ??= [];
  call.earlier.push({ instance: call.instance, code, status: statusOf(outcome), ms });
}
