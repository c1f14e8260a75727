import { setTimeout as delay } from "node:timers/promises";
import { REPORT_MS } from "../../control/signals/wire.ts";
import { askRegistry, openStream } from "../get/ask.ts";
import { events } from "../get/events.ts";
import { registryUrl } from "../get/registry-url.ts";
import { printJson, printLine } from "../policy/print.ts";
import { widthOf } from "../terminal.ts";
import type { TopFlags } from "../verbs/top.ts";
import { askGraph } from "./ask-graph.ts";
import { type Look, lookAfter, tableOf, titleOf } from "./picture.ts";
import type { Graph } from "./rows.ts";
import { Screen } from "./screen.ts";

/** How long it waits before it asks a registry that is away again. */
const AGAIN_MS = 1000;
/** A registry that has not told three graphs hangs. */
const SILENT_MS = 3 * REPORT_MS;

/** Shows the mesh live, until a key or a signal ends it; prints it once where stdout is no terminal. */
export async function top(what: Look["what"], flags: TopFlags): Promise<void> {
  const look: Look = { what, sort: flags.sort };
  if (flags.output === "json") printJson(await askGraph(flags));
  else if (flags.once || !process.stdout.isTTY)
    printLine(tableOf(await askGraph(flags), look, process.stdout).join("\n"));
  else await live(look, flags);
}

async function live(first: Look, flags: TopFlags): Promise<void> {
  const url = registryUrl(flags);
  // Before the screen changes: whoever cannot be reached at all is told as in other verbs.
  let graph = await askRegistry<Graph>(url, `/v1/graph?window=${flags.window}`);
  const screen = new Screen(process.stdout);
  let look = first;
  let stale = "";
  const draw = (): void => {
    const title = titleOf(graph, look, flags.window, stale).slice(0, widthOf(process.stdout));
    screen.show([title, "", ...tableOf(graph, look, process.stdout)]);
  };
  draw();
  const stopKeys = onKeys((key) => {
    const after = lookAfter(key, look);
    if (after === undefined) leave(0);
    else look = after;
    draw();
  });
  const leave = (exitCode: number): never => {
    stopKeys();
    screen.close();
    process.exit(exitCode);
  };
  process.on("SIGINT", () => leave(130));
  process.on("SIGTERM", () => leave(143));
  process.stdout.on("resize", draw);
  for (; ; await delay(AGAIN_MS)) {
    const response = await openStream(url, `/v1/signals/stream?window=${flags.window}`).catch(
      () => undefined,
    );
    if (response?.ok)
      for await (const { event, data } of events(response, SILENT_MS)) {
        if (event !== "graph") continue;
        [graph, stale] = [data as Graph, ""];
        draw();
      }
    const why = response === undefined || response.ok ? "does not answer" : `answers ${response.status}`;
    stale = `the registry ${why}: this is what was last known`;
    draw();
  }
}

/** Hears each key without its being shown; returns the way to stop. */
function onKeys(press: (key: string) => void): () => void {
  const { stdin } = process;
  if (!stdin.isTTY) return () => {};
  stdin.setRawMode(true).setEncoding("utf8").on("data", press).resume();
  return () => void stdin.setRawMode(false).pause();
}
