import { type Command, InvalidArgumentError, Option } from "commander";
import { MAX_TAP_BODY, MAX_TAP_MS, MAX_TAP_RATE } from "../../control/tap/wire.ts";
import { duration, nameOf, positive, valued, withOutput, withRegistry } from "../flags.ts";

export interface TapFlags {
  readonly state: string;
  readonly registry?: string;
  readonly output: "table" | "json" | "har";
  readonly from?: string;
  readonly path?: string;
  readonly where?: string;
  readonly side: "server" | "client";
  /** Bytes. */
  readonly body: number;
  /** ms */
  readonly for: number;
  readonly rate: number;
  readonly calls?: number;
}

/** `weft tap SERVICE` */
export function define(command: Command): Command {
  return withOutput(withRegistry(command), ["table", "json", "har"])
    .description(
      "Listen to the calls of a service, live, as its sidecars see them. Secrets in headers are replaced.\nEvery tap is written into the authority's audit log; it ends by itself.",
    )
    .argument("<service>", "name of the service", nameOf("service"))
    .option("--from <service>", "only calls of that caller", nameOf("service"))
    .option("--path <pattern>", "only paths that are like this, where * is any text")
    .option("--where <expression>", "only calls of which this is true")
    .addOption(
      new Option("--side <side>", "the calls that it gets, or those that it makes")
        .choices(["server", "client"])
        .default("server"),
    )
    .addOption(
      valued(
        "--body <size>",
        "also so much of each body, at most 64k; an app's secrets may be in it",
        size,
        "0",
      ),
    )
    .addOption(valued("--for <duration>", "how long, at most 1h", tapTime, "5m"))
    .addOption(
      valued("--rate <n>", "calls a second from each sidecar, at most; others are counted", rate, "50"),
    )
    .option("--calls <n>", "end after so many calls", positive)
    .addHelpText(
      "after",
      `
Expressions compare status, duration, method, path, caller, callee, version and code (of the mesh) with
==, !=, <, <=, >, >=; texts also with ~ and !~, where * is any text. && || ! and parentheses join them.

Examples:
  weft tap orders --from web --where 'status >= 500'
  weft tap orders --path '/cart/*' --body 4k --for 1m -o json
  weft tap orders --where 'duration > 250ms && !(caller == batch)' --calls 20 -o har > slow.har

Needs the state folder of weft up (the admin's certificate) and the admin token in it.`,
    )
    .action(async (service: string, flags: TapFlags) => (await import("../tap/tap.ts")).tap(service, flags));
}

/** Bytes, or with a k. */
function size(text: string): number {
  const [, digits, k] = /^(\d{1,6})(k?)$/i.exec(text) ?? [];
  const bytes = Number(digits) * (k ? 1024 : 1);
  if (!(bytes <= MAX_TAP_BODY)) throw new InvalidArgumentError("Give bytes, such as 512 or 4k, at most 64k.");
  return bytes;
}

function tapTime(text: string): number {
  const ms = duration(text);
  if (ms < 1000 || ms > MAX_TAP_MS) throw new InvalidArgumentError("Give a duration from 1s to 1h.");
  return ms;
}

function rate(text: string): number {
  const calls = positive(text);
  if (calls > MAX_TAP_RATE) throw new InvalidArgumentError(`Give a number from 1 to ${MAX_TAP_RATE}.`);
  return calls;
}
