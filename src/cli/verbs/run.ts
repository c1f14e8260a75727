import type { Command } from "commander";
import { duration, nameOf, port, valued } from "../flags.ts";
import { type SidecarFlags, versionOption, withSidecarFlags } from "../sidecar-flags.ts";

export interface RunFlags extends SidecarFlags {
  readonly port: number;
  readonly appHost: string;
  readonly killAfter: number;
}

/** `weft run SERVICE -- CMD…` */
export function define(command: Command): Command {
  return withSidecarFlags(command, versionOption().makeOptionMandatory(), "127.0.0.1:0")
    .description(
      "Run a command as an instance of a service: the sidecar first, then the command, which finds the mesh\nthrough HTTP_PROXY and is told its port in PORT. Ends with the command's exit code.",
    )
    .usage("<service> --version <name> --port <port> [options] -- <command> [arguments…]")
    .argument("<service>", "name of the service", nameOf("service"))
    .argument("<command...>", "what to run, after --")
    .requiredOption(
      "--port <port>",
      "port that the app listens on, given to it as PORT; 0 for a free one",
      port,
    )
    .option("--app-host <address>", "address that the app listens on", "127.0.0.1")
    .addOption(
      valued("--kill-after <duration>", "time for the app to end once it was told to", duration, "30s"),
    )
    .addHelpText(
      "after",
      `
Examples:
  weft run orders --version 1 --port 8080 -- node orders.js
  weft run shop --version 2 --port 0 --health /healthz --upstream orders=127.0.0.1:7001 -- python3 shop.py

Set for the command: PORT, HTTP_PROXY and http_proxy, NO_PROXY and no_proxy (loopback, and what you had). HTTPS_PROXY
is left alone. A SIGTERM or Ctrl-C leaves the mesh first, waits for calls under way (--drain), then goes on to the
command, which can make calls until it has ended (--kill-after). A second one ends all at once.
Exit code: the command's own; 128 + n when signal n ended it; 126, 127 when it could not be started.`,
    )
    .action(async (service: string, words: readonly string[], flags: RunFlags) => {
      process.exit(await (await import("../run/run.ts")).run(service, words, flags));
    });
}
