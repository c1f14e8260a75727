import { hostname } from "node:os";
import { join } from "node:path";
import { checkServer } from "../../../broker/external.ts";
import { locateServer } from "../../../broker/locate.ts";
import { type BrokerEvent, type BrokerSettings, startBroker } from "../../../broker/process.ts";
import { connectBus } from "../../bus/nats-bus.ts";
import { folderCredentials } from "../../identity/keys/folder-credentials.ts";
import type { Trust } from "../../identity/trust/bootstrap.ts";
import { partFolder } from "../../identity/trust/parts.ts";
import { Fault } from "../fault.ts";

/** The broker of a mesh, ours or the user's own. */
export interface MeshBroker {
  /** As handed to sidecars: `host:port`, or `nats://host:port` without TLS. */
  readonly addresses: readonly string[];
  /** As shown. */
  readonly urls: readonly string[];
  readonly version: string;
  /** Where it came from, or what is worth knowing. */
  readonly note: string;
  readonly config?: string;
  pid?(): number;
  /** Rejects when it is gone for good. */
  readonly exited: Promise<void>;
  /** Whether it has to be restarted to follow that trust. */
  restartsFor(trust: Trust): boolean;
  /** Has it take certificates, accounts and operator as they are now; one of the user's own is his to change. */
  follow(trust: Trust): Promise<void>;
  stop(): Promise<void>;
}

export interface BrokerPlace {
  readonly host: string;
  readonly port: number;
  /** Where other machines reach it. */
  readonly advertised: string;
  readonly tls: boolean;
}

/** nats-server.conf as far as the mesh's trust decides it; the same for our own server and for the user's. */
export const brokerSettings = (trust: Trust, place: Omit<BrokerPlace, "advertised">): BrokerSettings => ({
  serverName: `weft-${hostname()
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, "-")}`,
  host: place.host,
  port: place.port,
  trust: { operatorJwt: trust.operatorJwt, systemAccount: trust.systemAccount, accounts: trust.accounts },
  ...(place.tls ? { tls: trust.tls } : {}),
});

/**
 * Finds, or fetches, a nats-server and starts it.
 * @param progress told in a few words what takes time
 */
export async function ownBroker(
  trust: Trust,
  place: BrokerPlace,
  progress: (line: string) => void,
  onEvent: (event: BrokerEvent) => void,
): Promise<MeshBroker> {
  const found = await locateServer({ onProgress: progress });
  const broker = await startBroker({
    server: found.path,
    folder: join(trust.stateDir, "broker"),
    config: brokerSettings(trust, place),
    onEvent,
  });
  let { operatorJwt } = trust;
  const restartsFor = (now: Trust) => now.operatorJwt !== operatorJwt;
  const at = `${place.advertised.includes(":") ? `[${place.advertised}]` : place.advertised}:${broker.port}`;
  const url = `${place.tls ? "tls" : "nats"}://${at}`;
  return {
    addresses: [place.tls ? at : url],
    urls: [url],
    version: broker.version,
    note: `nats-server ${broker.version} (${found.from === "PATH" ? "on PATH" : `from ${found.from}`})`,
    config: broker.configFile,
    pid: () => broker.pid(),
    exited: broker.exited,
    restartsFor,
    async follow(now) {
      const change = restartsFor(now) ? broker.restart : broker.reload;
      await change(brokerSettings(now, place));
      operatorJwt = now.operatorJwt;
    },
    stop: () => broker.stop(),
  };
}

/** Uses servers that the user runs, once it is sure that they are fit and know this mesh's users. */
export async function usersBroker(trust: Trust, urls: readonly string[]): Promise<MeshBroker> {
  const fits = await Promise.all(urls.map((url) => checkServer(url)));
  const addresses = urls.map((url) => {
    const { hostname: host, port } = new URL(url.includes("://") ? url : `nats://${url}`);
    return `${host}:${port || 4222}`;
  });
  for (const address of addresses) await checkTrust(trust, address);
  return {
    addresses,
    urls: addresses.map((address) => `tls://${address}`),
    version: fits[0]!.version,
    note: [...new Set(fits.flatMap(({ version, notes }) => [`your nats-server ${version}`, ...notes]))].join(
      "; ",
    ),
    exited: new Promise(() => {}),
    restartsFor: () => false,
    follow: async () => {},
    stop: async () => {},
  };
}

async function checkTrust(trust: Trust, address: string): Promise<void> {
  try {
    const bus = await connectBus(
      folderCredentials(partFolder(trust.stateDir, "admin"), [address]),
      "weft up",
    );
    await bus.close();
  } catch (error) {
    throw new Fault(
      `the nats-server at ${address} does not accept this mesh's users: ${(error as Error).message}`,
      `it must run with this mesh's own trust: print its configuration with weft broker config --state ${trust.stateDir}`,
    );
  }
}
