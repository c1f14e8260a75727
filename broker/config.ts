import { join } from "node:path";
import { MAX_CONNECTIONS, MAX_MESSAGE_BYTES, MAX_SUBSCRIPTIONS } from "../src/subjects/limits.ts";
import { block, ConfigError, hostPort, present, quoted, quotedName } from "./conf-text.ts";
import type { TlsFiles, Trust } from "./trust.ts";

export type BrokerConfig = {
  /** Unique in a cluster. */
  serverName: string;
  host: string;
  port: number;
  /** Holds the resolver's accounts (`jwt`) and REG's streams (`jetstream`). */
  dataDir: string;
  /** Absent: anybody may connect and do anything. For benchmarks on loopback only. */
  trust?: Trust;
  /** Absent: plain text. For benchmarks on loopback only. */
  tls?: TlsFiles;
  cluster?: ClusterConfig;
  limits?: Partial<Limits>;
  logFile?: string;
  /** Where the server writes `<program>_<pid>.ports` once it listens. */
  portsDir?: string;
  /** Opens nats-server's unauthenticated monitoring pages on this loopback port. Default: closed. */
  monitorPort?: number;
};

export type ClusterConfig = {
  name: string;
  host: string;
  port: number;
  /** `host:port` of the cluster ports of the other nodes, at least one; one's own may be among them. */
  routes: readonly string[];
  /** A CA of its own: else a sidecar's certificate could open a route. */
  tls?: TlsFiles;
};

export type Limits = {
  /** Largest message in bytes. Default 1 MiB, nats-server's own; sidecars chunk below what the server advertises. */
  maxPayload: number;
  /** Default 8192 (nats-server's own: 65536). */
  maxConnections: number;
  /** Of one connection. Default 4096 (nats-server's own: none), the same as in each user's JWT. */
  maxSubscriptions: number;
  /**
   * Bytes queued for one slow reader before it is cut off. Default 32 MiB (nats-server's own: 64 MiB): what a link of
   * 1 Gbit/s carries in a quarter of a second, longer than a sidecar ever stops to collect garbage.
   */
  maxPending: number;
  /** How long one write to a client may block: one that reads nothing is gone then. Default 5 s (nats-server's own: 10 s). */
  writeDeadlineMs: number;
  /** Default 20 s (nats-server's own: 2 min), so that a vanished peer is noticed within a minute. */
  pingIntervalMs: number;
};

const DEFAULTS: Limits = {
  maxPayload: MAX_MESSAGE_BYTES,
  maxConnections: MAX_CONNECTIONS,
  maxSubscriptions: MAX_SUBSCRIPTIONS,
  maxPending: 32 << 20,
  writeDeadlineMs: 5000,
  pingIntervalMs: 20_000,
};

/** A user JWT with many callees comes in one CONNECT line: 4 KiB, the default, cuts it off; 64 KiB carries 1000+. */
const MAX_CONTROL_LINE = 65_536;
/** The log starts afresh at this size; old ones are kept beside it, and thinned out by `log.ts`. */
export const LOG_SIZE_LIMIT = 10 << 20;

/**
 * Renders nats-server.conf, readable by 2.9 and every later version.
 * @throws ConfigError when a value cannot be written there
 */
export function renderConfig(config: BrokerConfig): string {
  const { trust, tls, cluster, logFile, portsDir, monitorPort } = config;
  return `${present([
    `server_name: ${quotedName("server", config.serverName)}`,
    `listen: ${quoted(hostPort(config.host, config.port))}`,
    monitorPort === undefined ? undefined : `http: ${quoted(hostPort("127.0.0.1", monitorPort))}`,
    portsDir && `ports_file_dir: ${quoted(portsDir)}`,
    logFile && `log_file: ${quoted(logFile)}`,
    logFile && `log_size_limit: ${LOG_SIZE_LIMIT}`,
    "",
    ...limitLines({ ...DEFAULTS, ...config.limits }),
    tls &&
      `\n# Every client shows a certificate of the mesh's CA; who it is, its NKey and JWT say.\n${tlsBlock(tls)}`,
    trust && `\n${trustText(trust, config.dataDir)}`,
    cluster && `\n${clusterText(cluster)}`,
  ]).join("\n")}\n`;
}

function limitLines(limits: Limits): string[] {
  return [
    "# Room for a user JWT with a long list of permissions, which comes in one line.",
    `max_control_line: ${MAX_CONTROL_LINE}`,
    `max_payload: ${limits.maxPayload}`,
    "# What one client may take, so that a stolen key cannot take the server down; the JWTs have limits, too.",
    `max_connections: ${limits.maxConnections}`,
    `max_subscriptions: ${limits.maxSubscriptions}`,
    `max_pending: ${limits.maxPending}`,
    `write_deadline: "${limits.writeDeadlineMs}ms"`,
    `ping_interval: "${limits.pingIntervalMs}ms"`,
    "ping_max: 2",
  ];
}

const tlsBlock = (files: TlsFiles): string =>
  block("tls", [
    `cert_file: ${quoted(files.certFile)}`,
    `key_file: ${quoted(files.keyFile)}`,
    `ca_file: ${quoted(files.caFile)}`,
    "verify: true",
    "timeout: 3",
  ]);

function trustText(trust: Trust, dataDir: string): string {
  const ids = trust.accounts.map((account) => accountId(account.publicKey));
  if (!ids.includes(trust.systemAccount))
    throw new ConfigError(`the system account ${trust.systemAccount} is not among the accounts`);
  return [
    "# Users are made by the authority: the broker only knows the operator and the accounts.",
    `operator: ${jwt(trust.operatorJwt)}`,
    `system_account: ${accountId(trust.systemAccount)}`,
    block("resolver", [
      "type: full",
      `dir: ${quoted(join(dataDir, "jwt"))}`,
      "allow_delete: true",
      'interval: "2m"',
      "limit: 1000",
    ]),
    block(
      "resolver_preload",
      trust.accounts.map(({ jwt: text }, i) => `${ids[i]}: ${jwt(text)}`),
    ),
    "# Only the account REG may use it: its JWT says so, that of MESH does not.",
    block("jetstream", [`store_dir: ${quoted(join(dataDir, "jetstream"))}`]),
  ].join("\n");
}

function clusterText({ name, host, port, routes, tls }: ClusterConfig): string {
  // JetStream refuses to start in a cluster that has none.
  if (routes.length === 0)
    throw new ConfigError(`cluster "${name}" has no routes: name each node's cluster port`);
  const urls = routes.map((route) => quoted(`nats-route://${route}`));
  return block("cluster", [
    `name: ${quotedName("cluster", name)}`,
    `listen: ${quoted(hostPort(host, port))}`,
    `routes: [ ${urls.join(", ")} ]`,
    ...(tls ? tlsBlock(tls).split("\n") : []),
  ]);
}

/** An account's public NKey (nats-io/nkeys: base32, prefix A, 56 characters). */
function accountId(publicKey: string): string {
  if (/^A[A-Z2-7]{55}$/.test(publicKey)) return publicKey;
  throw new ConfigError(`${JSON.stringify(publicKey)} is not an account's public key`);
}

function jwt(text: string): string {
  if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)) return text;
  throw new ConfigError("an operator's or account's JWT is not three base64url parts");
}
