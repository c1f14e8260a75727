import { block } from "./conf-text.ts";
import { type BrokerConfig, renderConfig } from "./config.ts";
import { readInfo } from "./info.ts";
import { compareVersions, OLDEST_SUPPORTED } from "./version.ts";

/** A server that the user runs cannot carry the mesh. The message lists what to change. */
export class UnfitServerError extends Error {
  override readonly name = "UnfitServerError";
}

/**
 * The nats-server.conf for a server that the user runs: the same text as our own server's, with a word on what to put
 * where. `weft broker config` prints it.
 */
export function renderUserConfig(config: Omit<BrokerConfig, "portsDir">): string {
  const url = `${config.tls ? "tls" : "nats"}://THIS-HOST:${config.port}`;
  const head = [
    "nats-server.conf for Weft (nats-server 2.9 or newer).",
    "",
    "1. Copy this file, and the certificate files named under tls, to the server. The key file is a secret: mode 0600.",
    "   The certificate must carry the name nats.mesh, whatever the host is called: Weft's own does.",
    "2. Change listen, the paths, and store_dir as you like; keep the rest.",
    "3. nats-server -c nats-server.conf",
    `4. weft up --nats-url ${url}`,
    "",
    "For a cluster, give each server its own server_name and cluster block, with the same cluster name:",
    ...block("cluster", [
      'name: "weft"',
      'listen: "0.0.0.0:6222"',
      'routes: [ "nats-route://other-host:6222" ]',
      "# Never the CA above: a sidecar's certificate could open a route.",
      'tls { cert_file: "route.crt", key_file: "route.key", ca_file: "route-ca.crt", verify: true, timeout: 3 }',
    ]).split("\n"),
    "Do not open the cluster, monitoring, leaf node or websocket ports to sidecars.",
  ];
  return `${head.map((line) => `# ${line}`.trimEnd()).join("\n")}\n\n${renderConfig(config)}`;
}

export type Fit = {
  version: string;
  name: string;
  /** Largest message in bytes. */
  maxPayload: number;
  /** What works, but should be known. */
  notes: string[];
};

/** Below this, a request head of the size that sidecars accept would not fit into one message. */
const SMALLEST_MAX_PAYLOAD = 128 << 10;

/**
 * Asks a server that the user runs whether it can carry the mesh, as far as its greeting tells: `max_control_line`,
 * for one, it does not.
 * @param url `tls://host:port`, `nats://host:port` or `host:port`; the port is 4222 when left out
 * @throws UnfitServerError that lists what is wrong and the setting that mends it, or that nobody answers
 */
export async function checkServer(url: string, withinMs = 5000): Promise<Fit> {
  const { hostname, port } = new URL(url.includes("://") ? url : `nats://${url}`);
  const host = hostname.replace(/^\[|\]$/g, "");
  const info = await readInfo(host, Number(port || 4222), withinMs).catch((error: Error) => {
    throw new UnfitServerError(
      `no nats-server at ${url} (${error.message}): start it, or give another --nats-url`,
    );
  });
  const faults = [
    compareVersions(info.version, OLDEST_SUPPORTED) < 0 &&
      `it is version ${info.version}: Weft needs ${OLDEST_SUPPORTED} or newer`,
    !info.nonce &&
      "it does not know the mesh's users: it needs operator, system_account and resolver_preload",
    !info.tls_required && "it does not speak TLS: it needs a tls block",
    info.tls_required &&
      !info.tls_verify &&
      "it asks clients for no certificate: its tls block needs verify: true",
    info.max_payload < SMALLEST_MAX_PAYLOAD &&
      `its max_payload is ${info.max_payload} bytes: Weft needs ${SMALLEST_MAX_PAYLOAD} or more`,
  ].filter((fault) => typeof fault === "string");
  if (faults.length > 0)
    throw new UnfitServerError(
      `the nats-server at ${url} (${info.server_name}) cannot carry the mesh:\n${faults.map((fault) => `  - ${fault}`).join("\n")}\n"weft broker config" prints a configuration that can`,
    );
  const notes = info.jetstream
    ? []
    : ["it has no JetStream: the registry keeps nothing over its own restart"];
  return { version: info.version, name: info.server_name, maxPayload: info.max_payload, notes };
}
