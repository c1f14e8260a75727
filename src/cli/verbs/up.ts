import type { Command } from "commander";
import { logFormat, many, nameOf, port, withState } from "../flags.ts";
import type { UpOptions } from "../up/up.ts";
import { TRUST_ISSUERS } from "./authority.ts";

const text = (value: string): string => value;

/** `weft up` */
export function define(command: Command): Command {
  return withState(command)
    .description(
      "Start the broker (nats-server with TLS and JWT users), the authority, the registry and the dashboard, and keep them running.\nStays in the foreground; Ctrl-C stops all. The state folder survives, so a later start is the same mesh.",
    )
    .option("--broker-port <port>", "port of the broker, 0 for a free one", port, 4222)
    .option("--authority-port <port>", "port of the authority (HTTPS), 0 for a free one", port, 4280)
    .option(
      "--registry-port <port>",
      "port of the registry's HTTP API (loopback), 0 for a free one",
      port,
      4281,
    )
    .option("--dashboard-port <port>", "port of the dashboard (loopback), 0 for a free one", port, 4282)
    .option("--no-dashboard", "serve no dashboard")
    .option("--listen <address>", "address that broker and authority listen on", "127.0.0.1")
    .option(
      "--host <name>",
      "name or address under which other machines reach this one; may be repeated",
      many(text),
    )
    .option(
      "--nats-url <url>",
      "use a nats-server of your own (see weft help broker); may be repeated",
      many(text),
    )
    .option("--mesh <name>", "name of the mesh, settled at the first start (default: mesh)", nameOf("mesh"))
    .option("--trust-issuers <file>", TRUST_ISSUERS)
    .option("--no-tls", "no TLS between sidecars and broker: for measurements on loopback only")
    .addOption(logFormat())
    .addHelpText(
      "after",
      `
Examples:
  weft up
  weft up --broker-port 0 --authority-port 0 --registry-port 0 --state /tmp/second-mesh
  weft up --listen 0.0.0.0 --host mesh.example.org

Prints a line for each part, then one that begins with "ready"; with --log-format json one object. Addresses and pids are in DIR/up.json, logs in DIR.`,
    )
    .action(async (options: UpOptions) => (await import("../up/run-up.ts")).runUp(options));
}
