import { Command, InvalidArgumentError } from "commander";

/**
 * The command `weft bench`.
 * @param self the command line that starts it, without its flags: `weft`'s own and the word `bench`
 */
export function benchCommand(self: readonly string[]): Command {
  const weft = self.slice(0, -1);
  const command = new Command("bench")
    .description("measure the latency of calls through the mesh, beside other ways, and print a table")
    .option("--quick", "about a minute: a look, not a judgement")
    .option("--rounds <n>", "how often everything is measured", positive)
    .option("--duration <seconds>", "how long each measurement takes", positive)
    .option(
      "--only <names>",
      `what to measure, by commas: paths, policy and balance, of ${NAMES.join(",")}`,
      namesOf,
    )
    .option("--json <file>", "write all figures to a file")
    .option("--html <file>", "write a page with plots of the distributions")
    .option("--check", "exit with 1 when a goal is missed")
    .option("--micro", "time the hot functions alone instead")
    .addHelpText(
      "after",
      `
Examples:
  weft bench --quick --html bench.html
  weft bench --only mesh-plain,mesh-routed     what a route costs
  weft bench --only mesh-usual,mesh-logged,mesh-traced,mesh-tapped     what it costs to look
  weft bench --only policy                     1,000 routes applied
  weft bench --only balance                    one of five instances slow, or failing: what each way to balance makes of it
  weft bench --micro                           what each policy costs a call, in ns`,
    )
    .action(async (options: CommandOptions) => {
      process.exitCode = options.micro
        ? await (await import("./micro/micro.ts")).runMicro(options.check)
        : await run(weft, options);
    });
  command
    .command("role <name> <json>", { hidden: true })
    .action(async (name: string, json: string) => (await import("./roles.ts")).runRole(name, json));
  return command;
}

interface CommandOptions {
  readonly quick?: boolean;
  readonly rounds?: number;
  readonly duration?: number;
  readonly only?: readonly string[];
  readonly json?: string;
  readonly html?: string;
  readonly check?: boolean;
  readonly micro?: boolean;
}

async function run(weft: readonly string[], { duration, only, ...rest }: CommandOptions): Promise<number> {
  const { runBench } = await import("./main.ts");
  return runBench({
    weft,
    ...rest,
    ...(duration === undefined ? {} : { durationS: duration }),
    ...(only === undefined ? {} : { only }),
  });
}

const NAMES = [
  "direct",
  "nats",
  "floor",
  "mesh",
  "mesh-plain",
  "mesh-routed",
  "mesh-usual",
  "mesh-logged",
  "mesh-traced",
  "mesh-tapped",
  "haproxy",
  "nginx",
  "envoy",
  "policy",
  "balance",
];

function namesOf(text: string): readonly string[] {
  const names = text.split(",");
  const unknown = names.find((name) => !NAMES.includes(name));
  if (unknown !== undefined)
    throw new InvalidArgumentError(
      `There is nothing to measure called ${JSON.stringify(unknown)}: give some of ${NAMES.join(",")}.`,
    );
  return names;
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("Give a whole number from 1 on.");
  return value;
}
