/** Time of which nobody has taken anything yet, in ms: each moment of it is given away once. */
export class FreeTime {
  #gaps: readonly (readonly [from: number, to: number])[] = [
    [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  ];

  /** Takes what is left between two times. @returns how much that is */
  take(from: number, to: number): number {
    if (to <= from) return 0;
    let taken = 0;
    this.#gaps = this.#gaps.flatMap(([begins, ends]) => {
      taken += Math.max(0, Math.min(to, ends) - Math.max(from, begins));
      const left = [
        [begins, Math.min(ends, from)],
        [Math.max(begins, to), ends],
      ] as const;
      return left.filter(([a, b]) => a < b);
    });
    return taken;
  }
}
