import type { z } from "zod";
import type { BusState } from "../../bus/bus.ts";
import { WEFT_VERSION } from "../../protocol/weft-version.ts";
import type { Catalog } from "../catalog.ts";
import { type KnownInstance, type KnownService, upRows } from "../known-service.ts";
import type { Ejections, Ejectors } from "../registry.ts";
import type { StoreState } from "../store/keeper.ts";
import type { InstanceEvent, InstanceRow } from "../wire.ts";
import type {
  healthAnswer,
  InstanceView,
  serviceAnswer,
  servicesAnswer,
  versionsAnswer,
  watchChange,
} from "./schemas.ts";

const iso = (unixMs: number): string => new Date(unixMs).toISOString();

export const headOf = ({ registryStart, revision }: Catalog) => ({ registryStart, revision });

const rowView = ({ service, instance, version, zone, startedAt }: InstanceRow) => ({
  service,
  instance,
  version,
  ...(zone === undefined ? {} : { zone }),
  startedAt: iso(startedAt),
});

/** Longest list of callers in a view. */
const MAX_EJECTORS = 16;

/** @param ejectors absent when there are none */
const ejectedBy = (ejectors: Ejectors | undefined): Pick<InstanceView, "ejectedBy"> =>
  ejectors === undefined
    ? {}
    : {
        ejectedBy: {
          services: [...ejectors.services].sort().slice(0, MAX_EJECTORS),
          sidecars: ejectors.sidecars,
        },
      };

export const instanceOf = (
  { row, state, lastSeen, sequence, stats }: KnownInstance,
  ejections: Ejections,
): InstanceView => ({
  ...rowView(row),
  state,
  lastSeen: iso(lastSeen),
  confirmed: sequence >= 0,
  ...(stats === undefined ? {} : { stats }),
  ...ejectedBy(ejections.get(`${row.service}.${row.instance}`)),
});

const serviceOf = (
  known: KnownService,
  ejections: Ejections,
): z.infer<typeof servicesAnswer>["services"][number] => ({
  service: known.name,
  instances: upRows(known).length,
  versions: [...known.versions.keys()],
  firstSeen: iso(known.firstSeen),
  lastSeen: iso(known.lastSeen),
  ...ejectedBy(ejections.get(known.name)),
});

export const servicesOf = (
  catalog: Catalog,
  ejections: Ejections = new Map(),
): z.infer<typeof servicesAnswer> => ({
  ...headOf(catalog),
  services: [...catalog.services.values()]
    .map((known) => serviceOf(known, ejections))
    .sort((a, b) => (a.service < b.service ? -1 : 1)),
});

export const oneServiceOf = (
  catalog: Catalog,
  known: KnownService,
  ejections: Ejections,
): z.infer<typeof serviceAnswer> => ({
  ...headOf(catalog),
  ...serviceOf(known, ejections),
  instanceList: [...known.instances.values()].map((one) => instanceOf(one, ejections)),
});

export function versionsOf(catalog: Catalog, known: KnownService): z.infer<typeof versionsAnswer> {
  const rows = upRows(known);
  const versions = [...known.versions].map(([version, { firstSeen, lastSeen }]) => ({
    version,
    instances: rows.filter((row) => row.version === version).length,
    firstSeen: iso(firstSeen),
    lastSeen: iso(lastSeen),
  }));
  return { ...headOf(catalog), service: known.name, versions };
}

export function instancesOf(
  catalog: Catalog,
  wanted: { service?: string | undefined; version?: string | undefined; state?: string | undefined },
  ejections: Ejections = new Map(),
): InstanceView[] {
  const { service, version, state } = wanted;
  const services = service === undefined ? catalog.services.values() : [catalog.services.get(service)];
  const views: InstanceView[] = [];
  for (const known of services)
    for (const instance of known?.instances.values() ?? [])
      if (
        (version ?? instance.row.version) === instance.row.version &&
        (state ?? instance.state) === instance.state
      )
        views.push(instanceOf(instance, ejections));
  return views;
}

export const changeOf = ({ revision, reason, row }: InstanceEvent): z.infer<typeof watchChange> => ({
  revision,
  ...(reason === undefined ? {} : { reason }),
  instance: rowView(row),
});

export interface Healthy {
  readonly catalog: Catalog;
  readonly settled: boolean;
  readonly broker: BusState;
  readonly store: StoreState;
  readonly watchers: number;
  readonly drops: Readonly<Record<string, number>>;
}

export function healthOf(now: Healthy): z.infer<typeof healthAnswer> {
  const { catalog, settled, broker, store, watchers, drops } = now;
  let instances = 0;
  for (const known of catalog.services.values()) instances += upRows(known).length;
  return {
    status: broker.kind === "connected" && store.kind !== "away" ? "ok" : "degraded",
    weft: WEFT_VERSION,
    ...headOf(catalog),
    startedAt: iso(catalog.startedAt),
    settled,
    services: catalog.services.size,
    instances,
    watchers,
    broker: {
      state: broker.kind,
      ...(broker.kind === "connected" && { server: broker.server, serverVersion: broker.serverVersion }),
      ...(broker.kind === "away" && { since: iso(broker.since), cause: broker.cause }),
    },
    store: {
      state: store.kind,
      waiting: store.kind === "loading" ? 0 : store.waiting,
      ...(store.kind === "away" && { since: iso(store.since), cause: store.cause }),
    },
    drops,
  };
}
