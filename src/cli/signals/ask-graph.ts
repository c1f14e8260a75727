import { askRegistry } from "../get/ask.ts";
import { registryUrl } from "../get/registry-url.ts";
import { sayOnStderr } from "../terminal.ts";
import type { Graph } from "./rows.ts";

export interface GraphFlags {
  readonly state: string;
  readonly registry?: string;
  /** As the registry reads it: 5s to 60m. */
  readonly window: string;
}

/** Who calls whom now. Says so on stderr when nobody does, so that an empty table is no riddle. @throws Fault */
export async function askGraph(flags: GraphFlags): Promise<Graph> {
  const graph = await askRegistry<Graph>(registryUrl(flags), `/v1/graph?window=${flags.window}`);
  if (graph.edges.length === 0)
    sayOnStderr()(
      "info",
      `no calls in the last ${flags.window}; what sidecars report shows after 5 to 10 s`,
      "no-calls",
    );
  return graph;
}
