import type { Graph, GraphEdge, GraphNode } from "../data/answers.ts";

/** As the mesh calls all names that nobody serves but the first few of each caller (`src/telemetry/unserved-names.ts`). */
export const UNKNOWN = "_UNKNOWN";

/** So many stand in the picture by themselves: one may be a service that is missed. */
const MOST_SHOWN = 3;

export interface AsksForNobody {
  readonly caller: string;
  /** Names that nobody serves. */
  readonly names: readonly string[];
  /** There are more than these. */
  readonly andMore: boolean;
  /** Calls a second. */
  readonly rate: number;
}

/** Who calls names that nobody serves. */
export function askersOf({ nodes, edges }: Graph): AsksForNobody[] {
  const unserved = unservedIn(nodes);
  const callers = new Set(edges.filter(({ to }) => unserved.has(to)).map(({ from }) => from));
  return [...callers].map((caller) => {
    const asked = edges.filter(({ from, to }) => from === caller && unserved.has(to));
    return {
      caller,
      names: asked.map(({ to }) => to).filter((name) => name !== UNKNOWN),
      andMore: asked.some(({ to }) => to === UNKNOWN),
      rate: asked.reduce((sum, { rate }) => sum + rate, 0),
    };
  });
}

/** The graph in which names that nobody serves are one, when they are many: else they would hide the services. */
export function withUnservedAsOne(graph: Graph): Graph {
  const unserved = unservedIn(graph.nodes);
  if (unserved.size <= MOST_SHOWN) return graph;
  const [first, ...others] = graph.nodes.filter(({ service }) => unserved.has(service));
  const lines = new Map<string, GraphEdge>();
  for (const edge of graph.edges.filter(({ to }) => unserved.has(to))) {
    const { calls, rate } = lines.get(edge.from) ?? { calls: 0, rate: 0 };
    lines.set(edge.from, { ...edge, to: UNKNOWN, calls: calls + edge.calls, rate: rate + edge.rate });
  }
  const rate = others.reduce((sum, node) => sum + node.in.rate, first!.in.rate);
  return {
    ...graph,
    nodes: [
      ...graph.nodes.filter(({ service }) => !unserved.has(service)),
      { ...first!, service: UNKNOWN, in: { ...first!.in, rate } },
    ],
    edges: [...graph.edges.filter(({ to }) => !unserved.has(to)), ...lines.values()],
  };
}

const unservedIn = (nodes: readonly GraphNode[]): Set<string> =>
  new Set(nodes.filter(({ isServed }) => !isServed).map(({ service }) => service));
