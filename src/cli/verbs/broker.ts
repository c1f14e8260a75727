import type { Command } from "commander";
import { nameOf, port, withState } from "../flags.ts";

interface Options {
  readonly state: string;
  readonly listen: string;
  readonly port: number;
  readonly dataDir: string;
  readonly mesh?: string;
}

/** `weft broker config` */
export function define(command: Command): Command {
  const config = command
    .description("For a nats-server that you run yourself.")
    .command("config")
    .description("Print a nats-server.conf with this mesh's trust, made first when there is none.");
  withState(config)
    .option("--listen <address>", "address that the server listens on", "0.0.0.0")
    .option("--port <port>", "its port", port, 4222)
    .option("--data-dir <dir>", "where the server keeps its data", "/var/lib/nats")
    .option(
      "--mesh <name>",
      "name of the mesh, settled when its trust is made (default: mesh)",
      nameOf("mesh"),
    )
    .addHelpText(
      "after",
      "\nExample:\n  weft broker config > nats-server.conf\n  nats-server -c nats-server.conf\n  weft up --nats-url tls://127.0.0.1:4222",
    )
    .action(run);
  return command;
}

async function run({ state, listen, port: at, dataDir, mesh }: Options): Promise<void> {
  const { bootstrap } = await import("../../identity/trust/bootstrap.ts");
  const { renderUserConfig } = await import("../../../broker/external.ts");
  const { brokerSettings } = await import("../up/broker.ts");
  const trust = await bootstrap(state, mesh === undefined ? {} : { mesh });
  process.stdout.write(
    renderUserConfig({ ...brokerSettings(trust, { host: listen, port: at, tls: true }), dataDir }),
  );
}
