import { type Breaker, type EjectionReason, HINTED_FAILURES } from "./breaker.ts";

/** It takes so many calls in a row that were outrun to make a failure. */
const OUTRUN_PER_FAILURE = 3;

/**
 * Enough is so many failures in a row (Linkerd's `consecutive`, Envoy's `consecutive_5xx`). To be outrun counts a third
 * of one: with a hedge that begins too early the better of two wins each time, and yet both are well.
 */
export class ConsecutiveFailures implements Breaker {
  readonly #most: number;
  readonly #mostHinted: number;
  /** In parts of a failure. */
  #failures = 0;

  /** @param most failures, at least 1 */
  constructor(most: number) {
    this.#most = most * OUTRUN_PER_FAILURE;
    this.#mostHinted = Math.min(most, HINTED_FAILURES) * OUTRUN_PER_FAILURE;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  failed(_now: number, hinted: boolean): EjectionReason | undefined {
    return this.#count(OUTRUN_PER_FAILURE, hinted);
  }

  outrun(_now: number, hinted: boolean): EjectionReason | undefined {
    return this.#count(1, hinted);
  }

  reset(): void {
    this.#failures = 0;
  }

  #count(parts: number, hinted: boolean): EjectionReason | undefined {
    this.#failures += parts;
    return this.#failures >= (hinted ? this.#mostHinted : this.#most) ? "consecutive-failures" : undefined;
  }
}
