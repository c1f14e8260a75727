import type { Command } from "commander";
import { withOutput, withRegistry } from "../flags.ts";

export interface TraceFlags {
  readonly state: string;
  readonly registry?: string;
  readonly output: "table" | "json";
}

/** `weft trace TRACE-ID` */
export function define(command: Command): Command {
  return withOutput(withRegistry(command))
    .description(
      "Show one trace as a waterfall: each call as its caller and its callee saw it, attempts, waits and what policy did.\nIt says so where an app does not forward traceparent, and where a sidecar tells nothing.",
    )
    .argument("<trace-id>", "32 hexadecimal digits, as weft traces lists them")
    .addHelpText(
      "after",
      `
Examples:
  weft trace 4bf92f3577b34da6a3ce929d0e0e4736
  weft trace 4bf92f3577b34da6a3ce929d0e0e4736 -o json

Needs the admin token: of DIR/registry/admin-token, or in WEFT_ADMIN_TOKEN.`,
    )
    .action(async (traceId: string, flags: TraceFlags) =>
      (await import("../traces/trace.ts")).trace(traceId, flags),
    );
}
