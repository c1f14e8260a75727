import type { Graph } from "../data/answers.ts";

/** One service with those it calls and those that call it. */
export function focused(graph: Graph, service: string): Graph {
  const edges = graph.edges.filter(({ from, to }) => from === service || to === service);
  const names = new Set([service, ...edges.flatMap(({ from, to }) => [from, to])]);
  return { ...graph, edges, nodes: graph.nodes.filter((node) => names.has(node.service)) };
}

/** Where an arrow key leads from a service: along calls to the right and left, else to the next by name. */
export function neighbour({ nodes, edges }: Graph, service: string, key: string): string | undefined {
  if (key === "ArrowRight") return edges.find(({ from, to }) => from === service && to !== service)?.to;
  if (key === "ArrowLeft") return edges.find(({ from, to }) => to === service && from !== service)?.from;
  const step = { ArrowDown: 1, ArrowUp: -1 }[key];
  if (step === undefined) return undefined;
  return nodes[nodes.findIndex((node) => node.service === service) + step]?.service;
}
