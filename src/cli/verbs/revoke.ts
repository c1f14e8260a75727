import type { Command } from "commander";
import { withState } from "../flags.ts";

export interface RevokeFlags {
  readonly state: string;
  readonly operatorSeed?: string;
}

/** `weft revoke SERVICE[/INSTANCE]` */
export function define(command: Command): Command {
  return withState(command)
    .description(
      "Cut an instance off, or all instances of a service, and let it not come back: brokers end its connections,\nthe authority renews nothing more for it, and the token that it came in with ends, also for others. Of a service,\nall tokens that were made until now end. A platform that makes new tokens by itself would bring it back: take its rule\nout of the file of --trust-issuers first.",
    )
    .argument("<who>", "SERVICE or SERVICE/INSTANCE, as weft identities lists them")
    .option("--operator-seed <file>", "the operator's seed, where it is kept elsewhere")
    .addHelpText(
      "after",
      "\nExamples:\n  weft revoke orders/5cde1d4ce621\n  weft revoke orders --operator-seed /media/vault/operator.seed",
    )
    .action(async (who: string, flags: RevokeFlags) =>
      (await import("../identity/revoke.ts")).revoke(who, flags),
    );
}
