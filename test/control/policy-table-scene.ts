import { MemoryBroker } from "../../src/bus/memory-bus.ts";
import { LastKnown } from "../../src/control/follow/last-known.ts";
import { PolicyTable, type PolicyTableOptions } from "../../src/control/follow/policy-table.ts";
import type { PolicyListener, PolicySet } from "../../src/control/policy-set.ts";
import { PolicyPublisher } from "../../src/control/publisher.ts";
import type { ServiceRouting } from "../../src/control/service-routing.ts";
import { Catalog } from "../../src/registry/catalog.ts";
import { Drops } from "../../src/registry/drops.ts";
import { Registry } from "../../src/registry/registry.ts";
import { type HttpRoute, httpRoute } from "../../src/resources/http-route.ts";
import type { Subject } from "../../src/subjects/subjects.ts";
import { silentLog } from "../registry/beats.ts";
import { FakeClock } from "../support/fake-clock.ts";

/** After this every sidecar has asked, and has its answer. */
export const SOON_MS = 300;

/** A route of `service` that sends everything to one version; `padding` makes it long. */
export const routeTo = (service: string, version: string, padding = 0): HttpRoute =>
  httpRoute.parse({
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: service, annotations: { padding: "x".repeat(padding) } },
    spec: {
      parentRefs: [{ group: "", kind: "Service", name: service }],
      rules: [{ backendRefs: [{ name: service, version }] }],
    },
  }) as HttpRoute;

/** A policy set that a test changes by hand. */
export class HandSet implements PolicySet {
  lineage = "l1";
  revision = 0;
  loaded = true;
  readonly #routing = new Map<string, ServiceRouting>();
  readonly #listeners = new Set<PolicyListener>();

  routingOf(service: string): ServiceRouting {
    return this.#routing.get(service) ?? { service, revision: 0, routes: [] };
  }

  onChange(listener: PolicyListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Changes the route of one service, or of several at once. */
  apply(routes: Record<string, HttpRoute | undefined>): void {
    this.revision += 1;
    for (const [service, route] of Object.entries(routes))
      this.#routing.set(service, { service, revision: this.revision, routes: route ? [route] : [] });
    this.tell(Object.keys(routes));
  }

  tell(services: readonly string[] | undefined): void {
    for (const listener of this.#listeners) listener(services);
  }
}

/** One broker in memory, under one clock, with registries and sidecars' tables around it. */
export function policyScene(maxPayload?: number) {
  const broker = new MemoryBroker(maxPayload);
  const clock = new FakeClock();
  const asked: string[] = [];
  broker.connect().subscribe("reg.get.policy.*" as Subject, undefined, ({ subject }) => {
    asked.push(subject);
  });
  const startRegistry = (policy: PolicySet) => {
    const bus = broker.connect();
    const drops = new Drops(silentLog, () => clock.now());
    const publisher = new PolicyPublisher({ bus, policy, drops });
    const policyMark = () => publisher.mark;
    const registry = new Registry({ bus, catalog: new Catalog(clock), clock, drops, policyMark });
    publisher.start();
    registry.start();
    const stop = async () => {
      publisher.stop();
      registry.stop();
      await bus.close();
    };
    return { drops, publisher, stop, bus };
  };
  const startTable = (options: Partial<PolicyTableOptions> = {}) => {
    const said: string[] = [];
    const changed: string[] = [];
    const bus = broker.connect();
    const table = new PolicyTable({
      ...{ bus, clock, caller: "shop", instance: "s1" },
      say: (_, message) => said.push(message),
      ...options,
    });
    table.onChange((service) => changed.push(service));
    /** The version that the only route of a service names; "none" when there is no route, undefined when not known. */
    const versionOf = (service: string) => {
      const routing = table.get(service);
      return routing && (routing.routes[0]?.spec.rules[0]?.backendRefs?.[0]?.version ?? "none");
    };
    return { table, said, changed, versionOf, bus };
  };
  return { broker, clock, asked, startRegistry, startTable };
}

export const lastKnownIn = (folder: string, warned: string[] = []) =>
  new LastKnown(folder, (message) => warned.push(message));
