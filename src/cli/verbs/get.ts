import { Argument, type Command } from "commander";
import { withOutput, withRegistry } from "../flags.ts";

export interface GetFlags {
  readonly state: string;
  readonly output: "table" | "json" | "yaml";
  readonly registry?: string;
  readonly watch?: boolean;
}

const KINDS = ["services", "instances", "routes", "policies", "meshpolicies", "sidecars"] as const;

/** `weft get services|instances|routes|policies|meshpolicies|sidecars [NAME]` */
export function define(command: Command): Command {
  return withOutput(withRegistry(command), ["table", "json", "yaml"])
    .description(
      "List services and their instances, routes, policies (of services, and the MeshPolicy), the MeshPolicy alone, or which revision of the policy each sidecar runs.",
    )
    .addArgument(new Argument("<what>", "what to list").choices(KINDS))
    .argument("[name]", "only this one; for instances and sidecars: only of this service")
    .option("-w, --watch", "go on with a line for each change (services, instances)")
    .addHelpText(
      "after",
      `
Examples:
  weft get services
  weft get instances orders -o json
  weft get instances --watch
  weft get routes orders -o yaml
  weft get policies
  weft get meshpolicies -o yaml
  weft get sidecars`,
    )
    .action(async (what: (typeof KINDS)[number], name: string | undefined, flags: GetFlags) => {
      if (what === "services" || what === "instances")
        return (await import("../get/get.ts")).get(what, name, flags);
      const { getResources, getSidecars } = await import("../get/get-policy.ts");
      return what === "sidecars" ? getSidecars(name, flags) : getResources(what, name, flags);
    });
}
