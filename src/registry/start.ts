import type { Bus } from "../bus/bus.ts";
import type { Subjects } from "../subjects/subjects.ts";
import { Catalog } from "./catalog.ts";
import type { Clock } from "./clock.ts";
import { answerDiscovery } from "./discovery.ts";
import { Drops, type Log } from "./drops.ts";
import type { App } from "./http/routes.ts";
import { type HttpOptions, serveHttp } from "./http/server.ts";
import { Watchers } from "./http/watch.ts";
import { Registry, type RegistryDeps } from "./registry.ts";
import { Keeper } from "./store/keeper.ts";
import type { Store } from "./store/store.ts";

/** A slow or absent store may delay the start this long. */
const LOAD_WITHIN_MS = 2000;

export interface RunningRegistry {
  /** Of the HTTP API. */
  readonly url: string;
  close(): Promise<void>;
}

/** What the registry lends to an extension. */
export interface ExtensionParts {
  readonly bus: Bus;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly drops: Drops;
  readonly log: Log;
}

/** What runs in the registry's process besides; the registry knows nothing of what it does. */
export interface Extension {
  /** What the registry asks it and tells it. */
  readonly hears: Pick<RegistryDeps, "policyMark" | "sidecars">;
  addRoutes(app: App): void;
  /** Reads what outlives it; the registry waits `LOAD_WITHIN_MS` at most. */
  load(): Promise<void>;
  /** From here on the registry speaks on the bus. */
  start(): void;
  close(): Promise<void>;
}

export interface RegistryParts {
  readonly bus: Bus;
  readonly store: Store;
  readonly subjects: Subjects;
  readonly http: HttpOptions;
  readonly log: Log;
  readonly clock: Clock;
  readonly extend: (parts: ExtensionParts) => Extension;
}

/**
 * Runs a registry: hears heartbeats, tells sidecars, answers discovery and HTTP. It holds no signing key.
 * Its `close` closes the bus and the store, too.
 * @throws HttpApiError
 */
export async function runRegistry(parts: RegistryParts): Promise<RunningRegistry> {
  const { bus, store, subjects, http, log, clock, extend } = parts;
  const catalog = new Catalog(clock);
  const drops = new Drops(log, () => clock.now());
  const keeper = new Keeper(catalog, store, clock, log);
  const extension = extend({ bus, catalog, clock, drops, log });
  const registry = new Registry({ bus, catalog, clock, drops, ...extension.hears });
  const watchers = new Watchers(catalog, clock, drops);
  const addMore = (app: App): void => extension.addRoutes(app);
  const { sidecars } = extension.hears;
  const ejections = sidecars && (() => sidecars.ejections());
  const api = await serveHttp(
    http,
    { bus, catalog, registry, keeper, drops, watchers, ejections, addMore },
    log,
  );

  // First what was known, so that nobody is told of an empty mesh; beats follow by themselves.
  const late = new Promise<void>((resolve) => clock.after(LOAD_WITHIN_MS, resolve));
  await Promise.race([Promise.all([keeper.start(), extension.load()]), late]);
  registry.start();
  extension.start();
  const discovery = answerDiscovery({ bus, catalog, clock, drops, subjects });
  await bus.flush().catch(() => {});
  log.info({ event: "started", url: api.url, registryStart: catalog.registryStart }, "registry started");

  return {
    url: api.url,
    async close() {
      await api.close();
      discovery.unsubscribe();
      registry.stop();
      await Promise.all([keeper.close(), extension.close()]);
      await bus.close();
    },
  };
}
