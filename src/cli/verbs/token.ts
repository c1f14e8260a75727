import type { Command } from "commander";
import { duration, nameOf, positive, withOutput, withState } from "../flags.ts";

interface Options {
  readonly state: string;
  readonly output: "table" | "json";
  readonly ttl: number;
  readonly uses: number;
}

/** `weft token SERVICE` */
export function define(command: Command): Command {
  return withOutput(withState(command))
    .description(
      "Make a token with which a new instance of a service enrols, on any machine. It is a secret.",
    )
    .argument("<service>", "name of the service", nameOf("service"))
    .option("--ttl <duration>", "how long it is good for", duration, 900_000)
    .option("--uses <n>", "how many instances may enrol with it", positive, 1)
    .addHelpText(
      "after",
      "\nExample:\n  weft token orders > token && weft sidecar orders --version 1 --token-file token",
    )
    .action(run);
}

async function run(service: string, { state, output, ttl, uses }: Options): Promise<void> {
  const { requestToken } = await import("../../identity/request-token.ts");
  const { needUp } = await import("../up/record.ts");
  const { authority } = needUp(state, "ask on the machine where it runs");
  const answer = await requestToken(state, authority.url, { service, ttlMs: ttl, uses });
  process.stdout.write(`${output === "json" ? JSON.stringify(answer) : answer.token}\n`);
}
