import type { Command } from "commander";

/** `weft grafana --out DIR` */
export function define(command: Command): Command {
  return command
    .description(
      "Write dashboards for Grafana, alert rules and a scrape configuration for Prometheus.\nNothing of it is needed to use Weft: it is for those who have both already.",
    )
    .requiredOption("--out <dir>", "folder to write them into; files of these names there are replaced")
    .addHelpText(
      "after",
      `
Example:
  weft grafana --out observe
  prometheus --config.file observe/prometheus.yaml     # scrapes the registry at 127.0.0.1:4281`,
    )
    .action(async ({ out }: { readonly out: string }) =>
      (await import("../grafana/write-files.ts")).writeFiles(out),
    );
}
