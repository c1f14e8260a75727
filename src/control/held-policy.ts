import type { PolicyListener, PolicySet } from "./policy-set.ts";
import { type PolicyRecord, servicesOf } from "./record.ts";
import type { ServiceRouting } from "./service-routing.ts";

/** The policy in memory: what the store last said, sorted by service. It knows nothing of the store. */
export class HeldPolicy implements PolicySet {
  #record: PolicyRecord | undefined;
  #routing: ReadonlyMap<string, ServiceRouting> = new Map();
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
    return this.#routing.get(service) ?? { service, revision: 0, routes: [] };
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
    this.#record = record;
    this.#routing = next;
    if (before?.lineage === record.lineage && before.revision === record.revision) return;
    const services = [...changed.map(({ service }) => service), ...gone];
    for (const listener of this.#listeners) listener(services);
  }
}

/** @param old is kept for the services at the same revision */
export function routingsOf(
  record: PolicyRecord,
  old: ReadonlyMap<string, ServiceRouting>,
): Map<string, ServiceRouting> {
  const made = new Map<
    string,
    { routes: ServiceRouting["routes"][number][]; policy?: ServiceRouting["policy"] }
  >();
  for (const { resource } of record.entries.values())
    for (const service of servicesOf(resource)) {
      const one = made.get(service) ?? { routes: [] };
      if (resource.kind === "ServicePolicy") one.policy = resource;
      else one.routes.push(resource);
      made.set(service, one);
    }
  return new Map(
    [...made].map(([service, { routes, policy }]) => {
      const revision = record.services.get(service) ?? record.revision;
      const known = old.get(service);
      if (known?.revision === revision) return [service, known];
      const routing = { service, revision, routes, ...(policy === undefined ? {} : { policy }) };
      return [service, Object.freeze(routing)];
    }),
  );
}
