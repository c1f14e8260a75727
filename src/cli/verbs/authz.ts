import type { Command } from "commander";
import { withOutput, withRegistry } from "../flags.ts";

export interface AuthzFlags {
  readonly state: string;
  readonly registry?: string;
  readonly output: "table" | "json";
}

/** `weft authz SERVICE` */
export function define(command: Command): Command {
  return withOutput(withRegistry(command))
    .description(
      "List who may call a service, and what, and by which rule, in the order in which the rules are asked.\nBROKER says whether the broker takes calls of that caller at all.",
    )
    .argument("<service>", "the service that is called")
    .addHelpText("after", "\nExamples:\n  weft authz payments\n  weft authz payments -o json")
    .action(async (service: string, flags: AuthzFlags) =>
      (await import("../policy/authz.ts")).authz(service, flags),
    );
}
