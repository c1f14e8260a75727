import { type Command, InvalidArgumentError } from "commander";
import { cidr, duration, many, nameOf, positive, valued, withOutput, withState } from "../flags.ts";

interface Options {
  readonly state: string;
  readonly output: "table" | "json";
  readonly ttl: number;
  readonly uses: number;
  readonly cidr?: readonly string[];
}

/** `weft token SERVICE` */
export function define(command: Command): Command {
  return withOutput(withState(command))
    .description(
      "Make a token with which a new instance of a service enrols, on any machine. It is a secret.",
    )
    .argument("<service>", "name of the service", nameOf("service"))
    .addOption(valued("--ttl <duration>", "how long it is good for, at most 720h", ttl, "15m"))
    .option("--uses <n>", "how many instances may enrol with it, at most 1000", uses, 1)
    .option(
      "--cidr <range>",
      "addresses that it may be used from, such as 10.0.0.0/8, as the authority sees them; may be repeated (default: any)",
      many(cidr),
    )
    .addHelpText(
      "after",
      "\nExample:\n  weft token orders > token && weft sidecar orders --version 1 --token-file token",
    )
    .action(run);
}

/** As the authority takes them. */
const MOST_USES = 1000;

function uses(text: string): number {
  const number = positive(text);
  if (number > MOST_USES) throw new InvalidArgumentError(`Give a number from 1 to ${MOST_USES}.`);
  return number;
}

const LONGEST_MS = 30 * 86_400_000;

/** @returns ms, as the authority takes them */
function ttl(text: string): number {
  const ms = duration(text);
  if (ms < 1000 || ms > LONGEST_MS) throw new InvalidArgumentError("Give a duration from 1s to 720h.");
  return ms;
}

async function run(service: string, { state, output, ttl, uses, cidr: cidrs = [] }: Options): Promise<void> {
  const { requestToken } = await import("../../identity/member/request-token.ts");
  const { needUp } = await import("../up/record.ts");
  const { authority } = needUp(state, "ask on the machine where it runs");
  const answer = await requestToken(state, authority.url, { service, ttlMs: ttl, uses, cidrs });
  const { expiresAt, ...rest } = answer;
  const json = () => JSON.stringify({ ...rest, expiresAt: new Date(expiresAt).toISOString() });
  process.stdout.write(`${output === "json" ? json() : answer.token}\n`);
}
