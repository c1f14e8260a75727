import type { Command } from "commander";
import type { Address } from "../../../sidecar/options.ts";
import { duration, loopbackAddress, many, nameOf, withState } from "../flags.ts";

export interface CallFlags {
  readonly state: string;
  readonly request?: string;
  readonly header?: readonly string[];
  readonly data?: readonly string[];
  readonly include?: boolean;
  readonly verbose?: boolean;
  readonly silent?: boolean;
  readonly fail?: boolean;
  readonly timeout?: number;
  readonly via?: Address;
  readonly as: string;
}

const text = (value: string): string => value;

/** `weft call SERVICE [PATH]` */
export function define(command: Command): Command {
  return withState(command)
    .description(
      "Call a service of the mesh, with the habits of curl. The answer's body goes to stdout as it comes.",
    )
    .argument("<service>", "name of the service; v2.orders for version 2 of orders")
    .argument("[path]", "path and query", "/")
    .option("-X, --request <method>", "method (default: GET, or POST with -d)")
    .option(
      "-H, --header <line>",
      "a header, such as 'X-Colour: blue'; 'Accept:' leaves one out; may be repeated",
      many(text),
    )
    .option(
      "-d, --data <data>",
      "body, sent as it is; @FILE or @- for stdin; several are joined with &",
      many(text),
    )
    .option("-i, --include", "show the answer's head, too")
    .option("-v, --verbose", "show both heads, on stderr")
    .option("-s, --silent", "say nothing of one's own")
    .option("-f, --fail", "exit with 22 and without the body when the status is 400 or more")
    .option("--timeout <duration>", "time for the call", duration)
    .option(
      "--via <address>",
      "through this running sidecar, as its service, instead of one of its own",
      loopbackAddress,
    )
    .option("--as <service>", "who calls", nameOf("service"), "weft-cli")
    .addHelpText(
      "after",
      `
Examples:
  weft call orders /orders/7
  weft call v2.orders /orders -X POST -H 'content-type: application/json' -d '{"item":"tea"}' -i
  weft call orders /import -d @- < orders.csv

Exit codes: 0 the app answered, whatever its status; 22 with -f and a status of 400 or more; 1 the mesh answered in
its place (weft-error), or nothing came.`,
    )
    .action(async (service: string, path: string, flags: CallFlags) => {
      process.exit(await (await import("../call/call.ts")).call(service, path, flags));
    });
}
