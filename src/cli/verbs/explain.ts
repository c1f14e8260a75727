import type { Command } from "commander";
import { withOutput, withRegistry } from "../flags.ts";

export interface ExplainFlags {
  readonly state: string;
  readonly registry?: string;
  readonly output: "table" | "json";
}

/** `weft explain REQUEST-ID` */
export function define(command: Command): Command {
  return withOutput(withRegistry(command))
    .description(
      "Tell the story of a recent call: the route and rule that took it and why, each attempt, where it ended.\nEvery sidecar remembers its last calls; the id is the x-request-id of the answer, and in the access log.",
    )
    .argument("<request-id>", "the x-request-id of the call")
    .addHelpText(
      "after",
      `
Examples:
  weft explain 5f0c2d7e-8a3b-4c2e-9a54-0d6b1f7f3c11
  weft explain my-own-id -o json

Needs the admin token: of DIR/registry/admin-token, or in WEFT_ADMIN_TOKEN.`,
    )
    .action(async (requestId: string, flags: ExplainFlags) =>
      (await import("../policy/explain.ts")).explain(requestId, flags),
    );
}
