import type { Command } from "commander";

/** `weft demo` */
export function define(command: Command): Command {
  return command
    .description("Start a small shop of services on the mesh, call them, look at them, measure them.")
    .option("--keep", "leave it running, and say what to try")
    .option("--no-bench", "leave out the latency suite at the end")
    .addHelpText(
      "after",
      "\nExample:\n  weft demo --keep\n\nUses free ports and a folder of its own, so it works beside anything else.",
    )
    .action(async (options: { keep?: boolean; bench: boolean }) => {
      process.exit(await (await import("../../demo/demo.ts")).demo(options));
    });
}
