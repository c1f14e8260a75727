import type { Bus } from "../bus/bus.ts";
import type { Credentials } from "../bus/credentials.ts";
import { openKv } from "../bus/kv.ts";
import { connectBus } from "../bus/nats-bus.ts";
import { Subjects } from "../subjects/subjects.ts";
import { Catalog } from "./catalog.ts";
import { type Clock, systemClock } from "./clock.ts";
import { answerDiscovery } from "./discovery.ts";
import { Drops, type Log } from "./drops.ts";
import { type HttpOptions, serveHttp } from "./http/server.ts";
import { Watchers } from "./http/watch.ts";
import { Registry } from "./registry.ts";
import { Keeper } from "./store/keeper.ts";
import { KvStore } from "./store/kv-store.ts";
import { MemoryStore } from "./store/memory-store.ts";
import type { Store } from "./store/store.ts";

/** A slow or absent store may delay the start this long. */
const LOAD_WITHIN_MS = 2000;

export interface RegistryOptions {
  /** Of the user `registry`, in the mesh's account. */
  readonly credentials: Credentials;
  /** Of the user `registry-store`, in the account with JetStream; without it nothing outlives the registry. */
  readonly storeCredentials?: Credentials;
  /** The mesh's name, `mesh` by default. */
  readonly mesh?: string;
  /** Copies of what is kept: 1 by default, 3 in a cluster. */
  readonly replicas?: number;
  readonly http: HttpOptions;
  readonly log: Log;
  /** The machine's by default. */
  readonly clock?: Clock;
}

export interface RunningRegistry {
  /** Of the HTTP API. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts a registry: hears heartbeats, tells sidecars, answers discovery and HTTP. It holds no signing key.
 * @throws BusError when the broker is away at the start (later it may come and go), HttpApiError, NameError
 */
export async function startRegistry(options: RegistryOptions): Promise<RunningRegistry> {
  const {
    credentials,
    storeCredentials,
    mesh = "mesh",
    replicas = 1,
    http,
    log,
    clock = systemClock,
  } = options;
  const subjects = new Subjects(mesh);
  const store =
    storeCredentials === undefined
      ? new MemoryStore()
      : new KvStore(() => openKv(storeCredentials, `${mesh}-registry`, "registry-store", { replicas }));
  const bus = await connectBus(credentials, "registry");
  try {
    return await runRegistry({ bus, store, subjects, http, log, clock });
  } catch (error) {
    await bus.close();
    throw error;
  }
}

export interface RegistryParts {
  readonly bus: Bus;
  readonly store: Store;
  readonly subjects: Subjects;
  readonly http: HttpOptions;
  readonly log: Log;
  readonly clock: Clock;
}

/** The same on a bus and a store that are there already; `close` closes them too. */
export async function runRegistry(parts: RegistryParts): Promise<RunningRegistry> {
  const { bus, store, subjects, http, log, clock } = parts;
  const catalog = new Catalog(clock);
  const drops = new Drops(log, () => clock.now());
  const keeper = new Keeper(catalog, store, clock, log);
  const registry = new Registry({ bus, catalog, clock, drops });
  const watchers = new Watchers(catalog, clock, drops);
  const api = await serveHttp(http, { bus, catalog, registry, keeper, drops, watchers }, log);

  // First what was known, so that nobody is told of an empty mesh; beats follow by themselves.
  const late = new Promise<void>((resolve) => clock.after(LOAD_WITHIN_MS, resolve));
  await Promise.race([keeper.start(), late]);
  registry.start();
  const discovery = answerDiscovery({ bus, catalog, clock, drops, subjects });
  await bus.flush().catch(() => {});
  log.info({ url: api.url, registryStart: catalog.registryStart }, "registry started");

  return {
    url: api.url,
    async close() {
      await api.close();
      discovery.unsubscribe();
      registry.stop();
      await keeper.close();
      await bus.close();
    },
  };
}
