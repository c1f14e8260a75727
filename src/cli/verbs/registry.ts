import type { Command } from "commander";
import { fitted } from "../../../sidecar/join.ts";
import type { Address } from "../../../sidecar/options.ts";
import { loopbackAddress, many, nameOf, positive, withState } from "../flags.ts";
import { levelOnSignal } from "../level-on-signal.ts";
import { servePart } from "../serve-part.ts";

interface Options {
  readonly state: string;
  readonly listen: Address;
  readonly broker: readonly string[];
  readonly authority?: readonly string[];
  readonly mesh: string;
  readonly replicas: number;
}

/** `weft registry` */
export function define(command: Command): Command {
  return withState(command)
    .description(
      "Track instances by their heartbeats, keep the policy, and answer discovery and HTTP. weft up starts this.\nIt reads DIR/users/registry and DIR/users/registry-store, and no signing key; DIR/registry/admin-token,\nwhich it makes, lets who may read it change the policy.",
    )
    .option(
      "--listen <address>",
      "where its HTTP API listens, on loopback",
      loopbackAddress,
      loopbackAddress("4281"),
    )
    .requiredOption(
      "--broker <host:port>",
      "a broker; may be repeated",
      many((text) => text),
    )
    .option(
      "--authority <url>",
      "an authority, told who may call whom; may be repeated (default: of the weft up of --state)",
      many((text) => text),
    )
    .option("--mesh <name>", "name of the mesh", nameOf("mesh"), "mesh")
    .option("--replicas <n>", "copies of what is kept, 3 in a cluster", positive, 1)
    .addHelpText("after", "\nExample:\n  weft registry --broker 127.0.0.1:4222")
    .action(run);
}

async function run({ state, listen, broker, authority, mesh, replicas }: Options): Promise<void> {
  const { startRegistry } = await import("../../control/start.ts");
  const { openAdminToken } = await import("../../control/admin-token.ts");
  const { folderCredentials } = await import("../../identity/keys/folder-credentials.ts");
  const { partFolder } = await import("../../identity/trust/parts.ts");
  const { readUp } = await import("../up/record.ts");
  const { createLog } = await import("../../telemetry/log.ts");
  const credentials = (part: "registry" | "registry-store") =>
    fitted(folderCredentials(partFolder(state, part), broker));
  const part = folderCredentials(partFolder(state, "registry"), broker);
  const authorities = {
    urls: () => authority ?? [readUp(state)?.authority.url].filter((url) => url !== undefined),
    tls: () => part.tls()!,
  };
  const log = createLog({ fields: { part: "registry" } });
  levelOnSignal(log);
  await servePart(() =>
    startRegistry({
      ...{ mesh, replicas, http: listen, authorities },
      credentials: credentials("registry"),
      storeCredentials: credentials("registry-store"),
      adminToken: openAdminToken(state),
      log,
    }),
  );
}
