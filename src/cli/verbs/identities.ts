import type { Command } from "commander";
import { nameOf, withOutput, withState } from "../flags.ts";

export interface IdentitiesFlags {
  readonly state: string;
  readonly output: "table" | "json";
  readonly all?: boolean;
}

/** `weft identities [SERVICE]` */
export function define(command: Command): Command {
  return withOutput(withState(command))
    .description(
      "List who the authority has let in: since when, until when, with what.\nhalf-revoked: the authority renews nothing for it, but brokers were not told (weft revoke --operator-seed) and let it in.",
    )
    .argument("[service]", "only the instances of this service", nameOf("service"))
    .option(
      "--all",
      "also those that have ended or were revoked, for as long as they are remembered (30 days)",
    )
    .addHelpText("after", "\nExamples:\n  weft identities\n  weft identities orders --all -o json")
    .action(async (service: string | undefined, flags: IdentitiesFlags) =>
      (await import("../identity/identities.ts")).identities(service, flags),
    );
}
