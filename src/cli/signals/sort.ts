import type { Edge, Node } from "./rows.ts";

/** What comes first. */
export const SORTS = ["traffic", "slow", "errors"] as const;
export type Sort = (typeof SORTS)[number];

type Golden = Node["in"];

const weightOf: Readonly<Record<Sort, (golden: Golden) => number>> = {
  traffic: ({ rate }) => rate,
  slow: ({ p99 }) => p99 ?? -1,
  errors: ({ success, rate }) => (1 - (success ?? 1)) * rate,
};

/** The most of it first; what is equal by name. */
const sorted = <T>(
  all: readonly T[],
  sort: Sort,
  goldenOf: (one: T) => Golden,
  nameOf: (one: T) => string,
): T[] =>
  [...all].sort(
    (a, b) =>
      weightOf[sort](goldenOf(b)) - weightOf[sort](goldenOf(a)) || nameOf(a).localeCompare(nameOf(b), "en"),
  );

export const sortedNodes = (nodes: readonly Node[], sort: Sort): Node[] =>
  sorted(
    nodes,
    sort,
    (node) => node.in,
    ({ service }) => service,
  );

export const sortedEdges = (edges: readonly Edge[], sort: Sort): Edge[] =>
  sorted(
    edges,
    sort,
    (edge) => edge,
    ({ from, to }) => `${from} ${to}`,
  );
