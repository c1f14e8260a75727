import type { Family } from "./family.ts";

/** Callers that are told apart; those that come later are counted together as `_OTHER`. */
const MOST_CALLERS = 200;
const OTHER = "_OTHER";

/** Counts something by calling service and by one label more, of which there are few values. Bounded. */
export class CallerCounts<Label extends string> {
  readonly #label: Label;
  readonly #counts = new Map<string, Map<string, number>>();

  constructor(label: Label) {
    this.#label = label;
  }

  count(caller: string, what: string): void {
    const counts = this.#of(caller);
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }

  family(name: string, help: string): Family {
    return {
      name,
      help,
      type: "counter",
      read: () =>
        [...this.#counts].flatMap(([weft_caller, counts]) =>
          [...counts].map(([what, value]) => ({ labels: { weft_caller, [this.#label]: what }, value })),
        ),
    };
  }

  #of(caller: string): Map<string, number> {
    const known = this.#counts.get(caller);
    if (known !== undefined) return known;
    const name = this.#counts.size < MOST_CALLERS ? caller : OTHER;
    const counts = this.#counts.get(name) ?? new Map<string, number>();
    this.#counts.set(name, counts);
    return counts;
  }
}
