import type { Family } from "./family.ts";

/** Callers that are told apart; those that come later are counted together as `_OTHER`. */
const MOST_CALLERS = 200;
const OTHER = "_OTHER";

/** Of each caller, texts that are told apart; later ones are counted together in the same way. */
const MOST_EACH = 200;

/** Counts something by calling service and by further labels, of which there are few values. Bounded. */
export class CallerCounts<Label extends string> {
  readonly #labels: readonly Label[];
  /** By caller, then by the values with a line end between them. */
  readonly #counts = new Map<string, Map<string, number>>();

  constructor(...labels: readonly Label[]) {
    this.#labels = labels;
  }

  /** @param values of the labels, in their order */
  count(caller: string, ...values: readonly string[]): void {
    const counts = this.#of(caller);
    const asked = values.join("\n");
    const key = counts.has(asked) || counts.size < MOST_EACH ? asked : values.map(() => OTHER).join("\n");
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }

  /** By caller, of whatever kind. */
  totals(): Map<string, number> {
    const sum = (counts: Map<string, number>) => [...counts.values()].reduce((all, one) => all + one, 0);
    return new Map([...this.#counts].map(([caller, counts]) => [caller, sum(counts)]));
  }

  family(name: string, help: string): Family {
    return {
      name,
      help,
      type: "counter",
      labels: ["weft_caller", ...this.#labels],
      read: () =>
        [...this.#counts].flatMap(([weft_caller, counts]) =>
          [...counts].map(([key, value]) => ({ labels: { weft_caller, ...this.#labelsOf(key) }, value })),
        ),
    };
  }

  #labelsOf(key: string): Record<string, string> {
    const values = key.split("\n");
    return Object.fromEntries(this.#labels.map((label, i) => [label, values[i] ?? ""]));
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
