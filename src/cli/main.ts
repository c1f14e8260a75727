import { Command, CommanderError } from "commander";
import { WEFT_VERSION } from "../protocol/weft-version.ts";
import { takeSecrets } from "./environment-secrets.ts";
import { UsageFault } from "./fault.ts";
import { print } from "./policy/print.ts";
import { printError, usageLines } from "./print-error.ts";
import { VERBS } from "./verbs.ts";

/*
 * The program `weft`. Only the code of the verb that was asked for is loaded, because a sidecar runs for months and
 * should carry nothing else.
 */

async function programFor(args: readonly string[]): Promise<Command> {
  const words = args.filter((arg) => !arg.startsWith("-"));
  const wanted = words[0] === "help" ? words[1] : words[0];
  if (words[0] === "help" && wanted !== undefined && !(wanted in VERBS))
    throw new UsageFault(`there is no verb ${JSON.stringify(wanted)}`, "see weft --help");
  const program = new Command("weft")
    .description("A service mesh whose fabric is NATS: HTTP in, NATS across, HTTP out.")
    .version(WEFT_VERSION, "-V, --version")
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: () => {} })
    .addHelpText("after", AFTER_HELP);
  for (const [name, { summary, load }] of Object.entries(VERBS)) {
    const empty = new Command(name).description(summary).copyInheritedSettings(program);
    const command = name === wanted ? (await load()).define(empty) : empty;
    program.addCommand(command.copyInheritedSettings(program));
  }
  return program;
}

const EXIT_WITHIN_MS = 200;

const AFTER_HELP = `
Start:
  weft up                                                  the broker, the authority and the registry
  weft run hello --version 1 --port 8080 -- node hello.js  a service, meshed
  weft call hello /                                        a call to it

Exit codes: 0 done, 1 failed, 2 wrong usage; weft run ends with its command's own.
Environment: WEFT_STATE (as --state), WEFT_TOKEN (a token itself), WEFT_ADMIN_TOKEN (to change policy from elsewhere),
WEFT_NATS_SERVER (path of nats-server), NO_COLOR, WEFT_DEBUG=1 (stack traces).`;

takeSecrets();
const args = process.argv.slice(2);
try {
  const program = await programFor(args);
  if (args.length === 0) {
    program.outputHelp();
    process.exitCode = 2;
  } else await program.parseAsync(args, { from: "user" });
} catch (error) {
  // What a part left open when it failed must not keep the program up.
  setTimeout(() => process.exit(), EXIT_WITHIN_MS).unref();
  if (!(error instanceof CommanderError)) process.exitCode = printError(error);
  else if (error.exitCode !== 0) {
    process.stderr.write(usageLines(error.message, args));
    process.exitCode = 2;
  }
}
