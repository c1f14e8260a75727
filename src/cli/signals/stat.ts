import { UsageFault } from "../fault.ts";
import { nameOf } from "../flags.ts";
import { askRegistry } from "../get/ask.ts";
import { registryUrl } from "../get/registry-url.ts";
import { printJson, printLine } from "../policy/print.ts";
import type { StatFlags } from "../verbs/stat.ts";
import { askGraph } from "./ask-graph.ts";
import { instanceRows, type ServiceSignals, signalRows } from "./rows.ts";
import { coloured, servicesTable } from "./shown.ts";

/** Prints the golden signals of all services, or of one from a side. @param what `services` is all */
export async function stat(what: string, flags: StatFlags): Promise<void> {
  const { window, by, output } = flags;
  if (what === "services") {
    if (by !== undefined)
      throw new UsageFault("--by is about one service", "name it: weft stat SERVICE --by caller");
    const graph = await askGraph(flags);
    if (output === "json") printJson(graph.nodes);
    else printLine(servicesTable(graph.nodes, process.stdout).join("\n"));
    return;
  }
  const path = `/v1/signals/${nameOf("service")(what)}?window=${window}&by=${by ?? "version"}`;
  const signals = await askRegistry<ServiceSignals>(registryUrl(flags), path);
  if (output === "json") {
    printJson(signals);
    return;
  }
  const tables = [signalRows(signals), ...(by === "instance" ? [instanceRows(signals, Date.now())] : [])];
  printLine(tables.map((rows) => coloured(rows, [], process.stdout).join("\n")).join("\n\n"));
}
