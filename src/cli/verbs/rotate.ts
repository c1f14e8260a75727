import { Argument, type Command } from "commander";
import { ROTATION_KINDS } from "../../identity/trust/rotation/record.ts";
import { duration, valued, withState } from "../flags.ts";

/** `weft rotate` */
export function define(command: Command): Command {
  return withState(command)
    .description(
      "Replace a key that everything hangs on, while the mesh runs: the old and the new are good side by side until\neverybody has what the new one issues, then the old is dropped. May be ended at any time; the same command goes on.",
    )
    .addArgument(new Argument("[what]", "what is replaced").choices(ROTATION_KINDS))
    .option("--status", "say how far a rotation is, and change nothing")
    .addOption(
      valued("--patience <duration>", "how long to wait for instances that do not renew", duration, "5m"),
    )
    .addOption(valued("--spread <duration>", "the time over which renewals are spread", duration, "2s"))
    .option("--leave-behind", "go on without instances that do not renew")
    .option("--continue", "your own brokers have been changed as this asked before")
    .option(
      "--operator-seed <file>",
      "the operator's seed, where it is kept elsewhere; a new one takes its place",
    )
    .addHelpText(
      "after",
      `
  ca            root, intermediate and routes CA: 5 steps
  signing-key   what the authority signs users with: needs the operator's seed
  operator      what signs the accounts: restarts the broker once, as no nats-server takes another operator while it runs.
                New calls wait meanwhile, usually for 1 to 2 s. Calls that take longer than 4 s, and streams, are lost.
                The servers of a cluster of your own are restarted one after the other, and calls go on

Examples:
  weft rotate ca
  weft rotate signing-key --operator-seed /media/vault/operator.seed
  weft rotate --status`,
    )
    .action(async (what, flags) => (await import("../rotate/rotate.ts")).runRotate(what, flags));
}
