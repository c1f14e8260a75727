import type { TestContext } from "node:test";
import type { World } from "../../src/control/analyse/world.ts";
import { PolicyEditor } from "../../src/control/edit/editor.ts";
import { HeldPolicy } from "../../src/control/held-policy.ts";
import { PolicyKeeper } from "../../src/control/store/keeper.ts";
import { MemoryPlace, MemoryPolicyStore } from "../../src/control/store/memory-store.ts";
import type { PolicyStore } from "../../src/control/store/store.ts";
import { silentLog } from "../registry/beats.ts";
import { FakeClock } from "../support/fake-clock.ts";

/** A mesh of these services and versions, all of which are up. */
export const worldWith = (services: Readonly<Record<string, readonly string[]>>): World => ({
  isCaller: (service) => service === "a-caller",
  versionsOf: (service) => (Object.hasOwn(services, service) ? new Set(services[service]) : undefined),
  isUp: (service, version) => version === undefined || (services[service] ?? []).includes(version),
  services: () => Object.keys(services),
});

export const shop = worldWith({ orders: ["1", "2"], billing: ["1"], web: ["1"] });

export interface RouteParts {
  readonly service?: string;
  readonly parent?: object;
  readonly path?: string;
  readonly to?: string;
  readonly version?: string;
  readonly rule?: object;
  readonly namespace?: string;
}

/** A route as one writes it: calls of `service` to a path go to `to`. */
export const aRoute = (name: string, parts: RouteParts = {}) => {
  const { service = "orders", parent = {}, path = "/", to = service, version, rule, namespace } = parts;
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    spec: {
      parentRefs: [{ group: "", kind: "Service", name: service, ...parent }],
      rules: [
        rule ?? {
          matches: [{ path: { type: "PathPrefix", value: path } }],
          backendRefs: [{ name: to, ...(version === undefined ? {} : { version }) }],
        },
      ],
    },
  };
};

export const aPolicy = (service: string, request = "2s", namespace?: string) => ({
  apiVersion: "weft.dev/v1",
  kind: "ServicePolicy",
  metadata: { name: service, ...(namespace === undefined ? {} : { namespace }) },
  spec: { timeouts: { request } },
});

/** Registries that share a store, without broker and HTTP. */
export async function editors(t: TestContext, { maxPayload = 1024 * 1024 } = {}) {
  const clock = new FakeClock();
  const place = new MemoryPlace();
  const open = async (store: PolicyStore = new MemoryPolicyStore(place)) => {
    const held = new HeldPolicy();
    const keeper = new PolicyKeeper(store, held, clock, silentLog);
    const editor = new PolicyEditor({ held, keeper, world: shop, clock, maxPayload: () => maxPayload });
    const changes: string[][] = [];
    held.onChange((services) => changes.push([...(services ?? ["*"])].sort()));
    await keeper.start();
    t.after(() => keeper.close());
    const apply = (...values: unknown[]) => editor.apply(values, { ...options, allowUnknown: false });
    return { held, keeper, editor, changes, apply };
  };
  return { clock, place, open, ...(await open()) };
}

export const options = { dryRun: false, by: "tester" };

export const codesOf = (outcome: { readonly findings: readonly { readonly code: string }[] }): string[] =>
  outcome.findings.map(({ code }) => code);
