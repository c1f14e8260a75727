/** A hint is worth something for so long. */
export const HINT_MS = 10_000;

/**
 * What other callers say of one endpoint. It takes two of them within `HINT_MS`: one caller alone, however loud, says
 * nothing. Names must be those that the broker vouches for.
 */
export class Hints {
  #caller = "";
  #heardAt = Number.NEGATIVE_INFINITY;
  #until = Number.NEGATIVE_INFINITY;

  /**
   * @param caller the service that says it ejected the endpoint
   * @param now ms of the monotonic clock
   */
  hear(caller: string, now: number): void {
    if (caller !== this.#caller && now - this.#heardAt <= HINT_MS) this.#until = now + HINT_MS;
    this.#caller = caller;
    this.#heardAt = now;
  }

  areHeard(now: number): boolean {
    return now < this.#until;
  }
}
