import type { Edge, Graph } from "./rows.ts";
import { edgesTable, servicesTable } from "./shown.ts";
import { SORTS, type Sort, sortedEdges, sortedNodes } from "./sort.ts";

/** What `weft top` shows, and how. */
export interface Look {
  readonly what: "services" | "edges";
  readonly sort: Sort;
}

/** What a key makes of the look; undefined is "leave". Other keys change nothing. */
export function lookAfter(key: string, look: Look): Look | undefined {
  if (key === "q" || key === "\u0003" || key === "\u001b") return undefined;
  if (key === "\t") return { ...look, what: otherThan(look.what) };
  return { ...look, sort: SORTS.find((sort) => sort.startsWith(key)) ?? look.sort };
}

const otherThan = (what: Look["what"]): Look["what"] => (what === "services" ? "edges" : "services");

/** The lines of a table in that order. */
export function tableOf(
  graph: Graph,
  { what, sort }: Look,
  stream: Parameters<typeof edgesTable>[1],
): string[] {
  return what === "services"
    ? servicesTable(sortedNodes(graph.nodes, sort), stream)
    : edgesTable(sortedEdges(graph.edges, sort), stream);
}

/**
 * The line above the table: the mesh as a whole, and what the keys do.
 * @param stale what is wrong when the graph is not of now
 */
export function titleOf(graph: Graph, { what, sort }: Look, window: string, stale = ""): string {
  const at = new Date(graph.to).toISOString().slice(11, 19);
  const rate = graph.edges.reduce((sum, edge) => sum + edge.rate, 0);
  const failed = graph.edges.reduce((sum, edge: Edge) => sum + edge.rate * (1 - (edge.success ?? 1)), 0);
  const words = [
    `weft top ${at}Z, last ${window}`,
    `${rate.toFixed(1)} calls/s, ${failed.toFixed(1)} fail`,
    `by ${sort}`,
    stale === "" ? `t traffic, s slow, e errors, tab ${otherThan(what)}, q quit` : stale,
  ];
  return words.join(" | ");
}
