import { painter, type Style, table, widthOf } from "../terminal.ts";
import { EDGE_HEAD, type Edge, edgeRow, type Node, SERVICE_HEAD, serviceRow } from "./rows.ts";

/** A table whose rows have the colour of how bad they are, each line cut to the width of the terminal. */
export function coloured(
  rows: readonly (readonly string[])[],
  styles: readonly (Style | undefined)[],
  stream: { readonly isTTY?: boolean; readonly columns?: number },
): string[] {
  const paint = painter(stream);
  const columns = widthOf(stream);
  return table(rows)
    .split("\n")
    .map((line, i) => {
      const cut = line.length > columns ? `${line.slice(0, Math.max(0, columns - 1))}…` : line;
      const style = i === 0 ? "bold" : styles[i - 1];
      return style === undefined ? cut : paint(style, cut);
    });
}

const HEALTH_STYLES: Readonly<Record<Node["health"], Style | undefined>> = {
  ok: undefined,
  idle: "dim",
  degraded: "yellow",
  failing: "red",
  down: "red",
};

export const servicesTable = (nodes: readonly Node[], stream: Parameters<typeof coloured>[2]): string[] =>
  coloured(
    [SERVICE_HEAD, ...nodes.map(serviceRow)],
    nodes.map(({ health }) => HEALTH_STYLES[health]),
    stream,
  );

export const edgesTable = (edges: readonly Edge[], stream: Parameters<typeof coloured>[2]): string[] =>
  coloured([EDGE_HEAD, ...edges.map(edgeRow)], edges.map(styleOf), stream);

/** As the registry judges services: below 90 % it fails, below 99 % it is degraded. */
function styleOf({ success }: Edge): Style | undefined {
  if (success === null || success >= 0.99) return undefined;
  return success < 0.9 ? "red" : "yellow";
}
