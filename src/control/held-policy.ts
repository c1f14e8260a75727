import type { HttpRoute } from "../resources/http-route.ts";
import type { MeshPolicy } from "../resources/mesh-policy.ts";
import type { ServicePolicy } from "../resources/service-policy.ts";
import type { PolicyListener, PolicySet } from "./policy-set.ts";
import { EVERY_SERVICE, type PolicyRecord, servicesOf } from "./record.ts";
import type { ServiceRouting } from "./service-routing.ts";

/** The policy in memory: what the store last said, sorted by service. It knows nothing of the store. */
export class HeldPolicy implements PolicySet {
  #record: PolicyRecord | undefined;
  #routing: ReadonlyMap<string, ServiceRouting> = new Map();
  /** What holds for services that have nothing of their own. */
  #ofAll: Omit<ServiceRouting, "service"> = { revision: 0, routes: [] };
  readonly #listeners = new Set<PolicyListener>();

  get record(): PolicyRecord | undefined {
    return this.#record;
  }

  get loaded(): boolean {
    return this.#record !== undefined;
  }

  get lineage(): string {
    return this.#record?.lineage ?? "";
  }

  get revision(): number {
    return this.#record?.revision ?? 0;
  }

  routingOf(service: string): ServiceRouting {
    const own = this.#routing.get(service);
    if (own !== undefined) return own;
    const revision = Math.max(this.#record?.services.get(service) ?? 0, this.#ofAll.revision);
    return { service, ...this.#ofAll, revision };
  }

  onChange(listener: PolicyListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Replaces what is held, and tells the listeners of the services that it changes. */
  take(record: PolicyRecord): void {
    const before = this.#record;
    const old = before?.lineage === record.lineage ? this.#routing : new Map<string, ServiceRouting>();
    const next = routingsOf(record, old);
    const changed = [...next.values()].filter((one) => old.get(one.service) !== one);
    const gone = [...this.#routing.keys()].filter((service) => !next.has(service));
    const forAll = before?.services.get(EVERY_SERVICE) !== record.services.get(EVERY_SERVICE);
    this.#record = record;
    this.#routing = next;
    this.#ofAll = ofAll(record);
    if (before?.lineage === record.lineage && before.revision === record.revision) return;
    const services = forAll ? undefined : [...changed.map(({ service }) => service), ...gone];
    for (const listener of this.#listeners) listener(services);
  }
}

function ofAll(record: PolicyRecord): Omit<ServiceRouting, "service"> {
  const found = [...record.entries.values()].map(({ resource }) => resource);
  const { spec } = found.find((one): one is MeshPolicy => one.kind === "MeshPolicy") ?? {};
  return { revision: record.services.get(EVERY_SERVICE) ?? 0, routes: [], ...(spec && { mesh: spec }) };
}

/** @param old is kept for the services at the same revision */
export function routingsOf(
  record: PolicyRecord,
  old: ReadonlyMap<string, ServiceRouting>,
): Map<string, ServiceRouting> {
  const made = new Map<string, { routes: HttpRoute[]; policy?: ServicePolicy }>();
  for (const { resource } of record.entries.values()) {
    if (resource.kind === "MeshPolicy") continue;
    for (const service of servicesOf(resource)) {
      const one = made.get(service) ?? { routes: [] };
      if (resource.kind === "ServicePolicy") one.policy = resource;
      else one.routes.push(resource);
      made.set(service, one);
    }
  }
  const common = ofAll(record);
  return new Map(
    [...made].map(([service, own]) => {
      const revision = Math.max(record.services.get(service) ?? record.revision, common.revision);
      const known = old.get(service);
      if (known?.revision === revision) return [service, known];
      return [service, Object.freeze({ ...common, service, ...own, revision })];
    }),
  );
}
