import type { Command } from "commander";
import type { Address } from "../../../sidecar/options.ts";
import { address, httpUrl, many, withState } from "../flags.ts";

export interface GrafanaFlags {
  readonly out: string;
  readonly state: string;
  readonly registry?: string;
  readonly sidecar?: readonly Address[];
}

/** `weft grafana --out DIR` */
export function define(command: Command): Command {
  return withState(command)
    .description(
      "Write dashboards for Grafana, alert rules and a scrape configuration for Prometheus.\nNothing of it is needed to use Weft: it is for those who have both already.",
    )
    .requiredOption("--out <dir>", "folder to write them into; files of these names there are replaced")
    .option(
      "--registry <url>",
      "what Prometheus scrapes (default: the registry of --state when it runs, else http://127.0.0.1:4281)",
      httpUrl,
    )
    .option(
      "--sidecar <address>",
      "also scrape this sidecar, at its admin listener; may be repeated",
      many(address),
    )
    .addHelpText(
      "after",
      `
Example:
  weft grafana --out observe
  prometheus --config.file observe/prometheus.yaml`,
    )
    .action(async (flags: GrafanaFlags) => (await import("../grafana/write-files.ts")).writeFiles(flags));
}
