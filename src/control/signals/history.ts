import { Ring } from "./ring.ts";
import { COARSE, FINE, stepsOf, type Window } from "./window.ts";

/** So many periods of `FINE.stepMs`, of which the last one ended at `at`. Times are Unix ms. */
export interface When {
  readonly at: number;
  readonly periods: number;
  /** What ended before is in the totals alone: nothing of then is kept finely, or nobody listened. */
  readonly keptFrom: number;
}

/** What was counted, in both resolutions and since the beginning. Times are Unix ms. */
export class History {
  readonly totals: Float64Array;
  readonly #rings: readonly Ring[];

  constructor(width: number) {
    this.totals = new Float64Array(width);
    // One more than is kept: the span that is not over yet.
    this.#rings = [FINE, COARSE].map(({ stepMs, keptMs }) => new Ring(stepMs, keptMs / stepMs + 1, width));
  }

  /** What was counted over several periods is spread evenly over them, be it in parts of a call. */
  add({ at, periods, keptFrom }: When, column: number, amount: number): void {
    this.totals[column]! += amount;
    const kept = Math.min(periods, 1 + Math.max(0, Math.floor((at - keptFrom) / FINE.stepMs)));
    for (let i = 0; i < kept; i++)
      for (const ring of this.#rings) ring.add(at - i * FINE.stepMs, column, amount / periods);
  }

  /** Adds everything within the window to `sums`; true when there was anything. */
  addTo(sums: Float64Array, window: Window): boolean {
    const ring = this.#ringOf(window.stepMs);
    let any = false;
    for (const step of stepsOf(window)) any = ring.addTo(sums, step) || any;
    return any;
  }

  /** Adds what the span that begins at `from` has, in one of the two resolutions. */
  addStepTo(sums: Float64Array, from: number, stepMs: number): void {
    this.#ringOf(stepMs).addTo(sums, from);
  }

  #ringOf(stepMs: number): Ring {
    return this.#rings.find((ring) => ring.stepMs === stepMs)!;
  }
}
