import { layout as arrange, Graph as Dagre } from "@dagrejs/dagre";
import type { Graph } from "../data/answers.ts";

export interface Box {
  /** Of its middle. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly nodes: ReadonlyMap<string, Box>;
  /** By `edgeKey`. */
  readonly edges: ReadonlyMap<string, { readonly path: string; readonly x: number; readonly y: number }>;
}

export const NODE_WIDTH = 176;
export const HEAD_HEIGHT = 46;
export const ROW_HEIGHT = 22;
const FOOT_HEIGHT = 5;
const LABEL = { width: 108, height: 40 };
const MARGIN = 14;

const heightOf = (versions: number): number =>
  HEAD_HEIGHT + (versions === 0 ? 0 : ROW_HEIGHT * versions + FOOT_HEIGHT);

export const edgeKey = ({ from, to }: { readonly from: string; readonly to: string }): string =>
  `${from} ${to}`;

/** What of a graph its layout depends on: while it is the same, nothing moves on the page. */
export const shapeOf = ({ nodes, edges }: Graph): string =>
  [...nodes.map(({ service, versions }) => `${service} ${versions.length}`), ...edges.map(edgeKey)].join(
    "\n",
  );

/** Places services in the direction of the calls. @param direction `TB`, from top to bottom, for a narrow screen */
export function layoutOf({ nodes, edges }: Graph, direction: "LR" | "TB"): Layout {
  const graph = new Dagre({ multigraph: false });
  graph.setGraph({
    rankdir: direction,
    nodesep: 26,
    ranksep: 34,
    edgesep: 14,
    marginx: MARGIN,
    marginy: MARGIN,
  });
  for (const { service, versions } of nodes)
    graph.setNode(service, { width: NODE_WIDTH, height: heightOf(versions.length) });
  for (const { from, to } of edges)
    if (from !== to && graph.hasNode(from) && graph.hasNode(to))
      graph.setEdge(from, to, {
        ...LABEL,
        ...(direction === "TB" ? { labelpos: "r", labeloffset: 6 } : { labelpos: "c" }),
      });
  arrange(graph);
  const { width = 0, height = 0 } = graph.graph();
  const boxes = nodes.map(({ service }) => {
    const { x = 0, y = 0, width = 0, height = 0 } = graph.node(service);
    return [service, { x, y, width, height }] as const;
  });
  const lines = graph.edges().map(({ v, w }: { v: string; w: string }) => {
    const { points = [], x = 0, y = 0 } = graph.edge(v, w) as { points?: Point[]; x?: number; y?: number };
    return [edgeKey({ from: v, to: w }), { path: smooth(points), x, y }] as const;
  });
  return { width, height, nodes: new Map(boxes), edges: new Map(lines) };
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** A curve that has the points as its handles, from the middle of each stretch to that of the next. */
function smooth(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  const at = ({ x, y }: Point) => `${x.toFixed(1)},${y.toFixed(1)}`;
  let path = `M${at(first)}`;
  for (const [i, point] of rest.entries()) {
    const next = rest[i + 1];
    if (next === undefined) path += ` L${at(point)}`;
    else path += ` Q${at(point)} ${at({ x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 })}`;
  }
  return path;
}
