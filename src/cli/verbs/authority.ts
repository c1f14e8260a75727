import type { Command } from "commander";
import type { Address } from "../../../sidecar/options.ts";
import { address, many, withState } from "../flags.ts";
import { levelOnSignal } from "../level-on-signal.ts";
import { servePart } from "../serve-part.ts";

interface Options {
  readonly state: string;
  readonly listen: Address;
  readonly host?: string;
  readonly broker: readonly string[];
  readonly trustIssuers?: string;
}

/** Also of `weft up`. */
export const TRUST_ISSUERS =
  "file with platforms whose tokens are taken in place of weft's own, and the services they are of (src/identity/authority/platform/README.md)";

/** `weft authority` */
export function define(command: Command): Command {
  return withState(command)
    .description(
      "Grant identities for tokens, and renew them, over HTTPS. weft up starts this; it needs no broker.",
    )
    .option("--listen <address>", "where it listens", address, address("127.0.0.1:4280"))
    .option("--host <name>", "name or address under which sidecars reach it (default: that of --listen)")
    .requiredOption(
      "--broker <host:port>",
      "broker that sidecars are told; may be repeated",
      many((text) => text),
    )
    .option("--trust-issuers <file>", TRUST_ISSUERS)
    .addHelpText("after", "\nExample:\n  weft authority --broker 127.0.0.1:4222")
    .action(run);
}

async function run({ state, listen, host, broker, trustIssuers }: Options): Promise<void> {
  const { startAuthority } = await import("../../identity/authority/authority.ts");
  const { createLog } = await import("../../telemetry/log.ts");
  const { freePort } = await import("../../../broker/ports.ts");
  await servePart(async () => {
    const trusted =
      trustIssuers === undefined
        ? undefined
        : (await import("../identity/trust-file.ts")).readTrustFile(trustIssuers);
    const log = createLog({ fields: { part: "authority" } });
    levelOnSignal(log);
    const port = host === undefined || listen.port !== 0 ? listen.port : await freePort(listen.host);
    const authority = await startAuthority({
      ...{ stateDir: state, host: listen.host, port, brokers: broker },
      ...(host === undefined
        ? {}
        : { publicUrl: `https://${host.includes(":") ? `[${host}]` : host}:${port}` }),
      ...(trusted && {
        trustIssuers: trusted,
        say: (level, message, event) => log[level]({ event }, message),
      }),
      onEvent: (event) =>
        log[event.kind === "refused" ? "warn" : "info"]({ ...event, event: event.kind }, event.kind),
    });
    log.info({ event: "started", url: authority.url }, "authority started");
    return authority;
  });
}
