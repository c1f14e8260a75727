import { Argument, type Command } from "commander";
import { nameOf, withOutput, withState } from "../flags.ts";

export interface GetFlags {
  readonly state: string;
  readonly output: "table" | "json";
  readonly registry?: string;
  readonly watch?: boolean;
}

/** `weft get services|instances [SERVICE]` */
export function define(command: Command): Command {
  return withOutput(withState(command))
    .description("List services, or their instances, as the registry knows them.")
    .addArgument(new Argument("<what>", "what to list").choices(["services", "instances"]))
    .argument("[service]", "only this service", nameOf("service"))
    .option("--registry <url>", "URL of the registry's HTTP API (default: of the mesh of --state)")
    .option("-w, --watch", "go on with a line for each change")
    .addHelpText(
      "after",
      "\nExamples:\n  weft get services\n  weft get instances orders -o json\n  weft get instances --watch",
    )
    .action(async (what: "services" | "instances", service: string | undefined, flags: GetFlags) =>
      (await import("../get/get.ts")).get(what, service, flags),
    );
}
