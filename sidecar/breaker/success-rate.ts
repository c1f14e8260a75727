import { type Breaker, type EjectionReason, HINTED_FAILURES } from "./breaker.ts";
import { Window } from "./window.ts";

export interface SuccessRateOptions {
  /** Share of calls that succeed, from 0 to 1. */
  readonly below: number;
  readonly intervalMs: number;
  readonly minCalls: number;
}

/** Enough is a share of successes below a limit, over some time with some calls in it (Linkerd's `unified`). */
export class SuccessRate implements Breaker {
  readonly #options: SuccessRateOptions;
  readonly #window: Window;

  constructor(options: SuccessRateOptions) {
    this.#options = options;
    this.#window = new Window(options.intervalMs);
  }

  succeeded(now: number): void {
    this.#window.succeeded(now);
  }

  failed(now: number, hinted: boolean): EjectionReason | undefined {
    const { below, minCalls } = this.#options;
    this.#window.failed(now);
    const { successes, failures } = this.#window;
    const calls = successes + failures;
    const enough = hinted ? Math.min(minCalls, HINTED_FAILURES) : minCalls;
    return calls >= enough && successes < below * calls ? "success-rate" : undefined;
  }

  /** It did not fail: its share is of failures, and who was slower than another is the hedge's business. */
  outrun(): undefined {}

  reset(): void {
    this.#window.clear();
  }
}
