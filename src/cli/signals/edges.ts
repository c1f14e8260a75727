import { Fault } from "../fault.ts";
import { printJson, printLine } from "../policy/print.ts";
import type { EdgesFlags } from "../verbs/edges.ts";
import { askGraph } from "./ask-graph.ts";
import { edgesTable } from "./shown.ts";
import { sortedEdges } from "./sort.ts";

/** Prints who calls whom, the busiest first. @param service only the calls to and from it */
export async function edges(service: string | undefined, flags: EdgesFlags): Promise<void> {
  const graph = await askGraph(flags);
  const isKnown = (name: string): boolean => graph.nodes.some((node) => node.service === name);
  if (service !== undefined && !isKnown(service))
    throw new Fault(
      `${service} was not heard of in the last ${flags.window}`,
      "weft stat lists the services there are; --window 60m looks further back",
    );
  const wanted = graph.edges.filter(
    ({ from, to }) => service === undefined || from === service || to === service,
  );
  if (flags.output === "json") printJson(sortedEdges(wanted, "traffic"));
  else printLine(edgesTable(sortedEdges(wanted, "traffic"), process.stdout).join("\n"));
}
