import { type Command, InvalidArgumentError } from "commander";
import type { Address } from "../../../sidecar/options.ts";
import { UsageFault } from "../fault.ts";
import { address, nameOf, withOutput } from "../flags.ts";
import { type SidecarFlags, versionOption, withSidecarFlags } from "../sidecar-flags.ts";

export interface SidecarVerbOptions extends SidecarFlags {
  readonly app?: Address;
  readonly output: "table" | "json";
}

/** `weft sidecar SERVICE` */
export function define(command: Command): Command {
  return withOutput(withSidecarFlags(command, versionOption(VERSION_HELP), "127.0.0.1:4140"))
    .description(
      "Start the sidecar of a service whose app runs elsewhere: in a container, under systemd, in a debugger.\nWithout --app it is a pure caller: it takes no calls, and needs no version.",
    )
    .usage("<service> [--version <name> --app <url>] [options]")
    .argument("<service>", "name of the service", nameOf("service"))
    .option("--app <url>", "where the app listens, such as http://127.0.0.1:8080", appUrl)
    .addHelpText(
      "after",
      `
Examples:
  weft sidecar orders --version 1 --app http://127.0.0.1:8080
  weft sidecar shop --listen 127.0.0.1:4141
  curl -x http://127.0.0.1:4141 http://orders.mesh/

Prints a line that begins with "ready" when it is in the mesh (-o json: the same as JSON). SIGTERM leaves the mesh
first and finishes what is under way. Its identity is kept in --identity, by default DIR/sidecars/SERVICE-PORT; with
--listen of port 0 it is not kept.`,
    )
    .action(async (service: string, options: Given) => {
      const version = options.version ?? versionOf(service, options);
      await (await import("../run-sidecar.ts")).runSidecar(service, { ...options, version });
    });
}

type Given = Omit<SidecarVerbOptions, "version"> & { readonly version?: string };

/** Nobody calls a pure caller, so its version says little; it is that of `weft call`. */
const CALLER_VERSION = "1";
const VERSION_HELP = `; needed with --app (default without: ${CALLER_VERSION})`;

function versionOf(service: string, { app }: Given): string {
  if (app === undefined) return CALLER_VERSION;
  throw new UsageFault(
    `required option '--version <name>' not specified: which version of ${service} is the app?`,
    "give --version NAME, such as --version 1; only without --app none is needed",
  );
}

function appUrl(text: string): Address {
  if (/^https:/.test(text))
    throw new InvalidArgumentError("A sidecar speaks plain HTTP to its app: give http://host:port.");
  return address(text);
}
