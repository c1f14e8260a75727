import { type Breaker, type EjectionReason, HINTED_FAILURES } from "./breaker.ts";

/** Enough is so many failures in a row (Linkerd's `consecutive`, Envoy's `consecutive_5xx`). */
export class ConsecutiveFailures implements Breaker {
  readonly #most: number;
  readonly #mostHinted: number;
  #failures = 0;

  /** @param most failures, at least 1 */
  constructor(most: number) {
    this.#most = most;
    this.#mostHinted = Math.min(most, HINTED_FAILURES);
  }

  succeeded(): void {
    this.#failures = 0;
  }

  failed(_now: number, hinted: boolean): EjectionReason | undefined {
    this.#failures++;
    return this.#failures >= (hinted ? this.#mostHinted : this.#most) ? "consecutive-failures" : undefined;
  }

  reset(): void {
    this.#failures = 0;
  }
}
