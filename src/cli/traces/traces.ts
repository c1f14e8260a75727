import { askRegistry } from "../get/ask.ts";
import { registryUrl } from "../get/registry-url.ts";
import { printJson, printLine } from "../policy/print.ts";
import { coloured } from "../signals/shown.ts";
import { sayOnStderr } from "../terminal.ts";
import type { TracesFlags } from "../verbs/traces.ts";
import { type Traces, traceRows } from "./rows.ts";

/** Lists the traces that sidecars keep, the newest first. @param service only those in which it takes part */
export async function traces(service: string | undefined, flags: TracesFlags): Promise<void> {
  const kind = flags.failed ? "failed" : flags.slow ? "slow" : "recent";
  const query = new URLSearchParams({ kind, limit: String(flags.limit) });
  if (service !== undefined) query.set("service", service);
  const answer = await askRegistry<{ traces: Traces }>(registryUrl(flags), `/v1/traces?${query}`);
  if (answer.traces.length === 0) {
    const what = kind === "recent" ? "" : `${kind} `;
    sayOnStderr()(
      "info",
      `no ${what}traces in the last hour${service === undefined ? "" : ` of ${service}`}`,
      "no-traces",
    );
  }
  if (flags.output === "json") printJson(answer.traces);
  else {
    const styles = answer.traces.map(({ why }) =>
      why.includes("failed") ? "red" : why.includes("slow") ? "yellow" : undefined,
    );
    printLine(coloured(traceRows(answer.traces), styles, process.stdout).join("\n"));
  }
}
