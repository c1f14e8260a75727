/** Labels of one sample. A label without a value is left out, which Prometheus reads as empty. */
export type Labels = Readonly<Record<string, string | number>>;

/** One line of the exposition. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
  /** Where it differs from the family's name: `_bucket`, `_sum`, `_count`. */
  readonly metricName?: string;
  /** Labels that many samples have in common; the registry formats them once. */
  readonly sharedLabels?: Labels;
}

/** A metric that is read when somebody scrapes, and costs nothing until then. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** The names that its samples may bear, beside the `le` of a histogram. */
  readonly labels: readonly string[];
  read(): Iterable<Sample>;
}

/** A family with one sample and no labels; no sample while `read` gives undefined. */
export const single = (
  type: "counter" | "gauge",
  name: string,
  help: string,
  read: () => number | undefined,
): Family => ({
  name,
  help,
  type,
  labels: [],
  read: () => {
    const value = read();
    return value === undefined ? [] : [{ labels: {}, value }];
  },
});
