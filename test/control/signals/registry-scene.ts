import type { TestContext } from "node:test";
import { MemoryBroker } from "../../../src/bus/memory-bus.ts";
import { policyExtension } from "../../../src/control/extension.ts";
import { MemoryPolicyStore } from "../../../src/control/store/memory-store.ts";
import { pack } from "../../../src/registry/frame.ts";
import { runRegistry } from "../../../src/registry/start.ts";
import { MemoryStore } from "../../../src/registry/store/memory-store.ts";
import { Subjects, registry as subjects } from "../../../src/subjects/subjects.ts";
import { silentLog } from "../../registry/beats.ts";
import { FakeClock, turns } from "../../support/fake-clock.ts";
import { aFailure, anEdge, aReport } from "./reports.ts";

/** A registry on a broker in memory, of which `shop` has reported calls to orders, a tenth of them failed. */
export async function registryWithSignals(t: TestContext) {
  const broker = new MemoryBroker();
  const clock = new FakeClock();
  const registry = await runRegistry({
    ...{ bus: broker.connect(), store: new MemoryStore(), subjects: new Subjects(), http: { port: 0 } },
    ...{ log: silentLog, clock, extend: policyExtension(new MemoryPolicyStore(), "token") },
  });
  t.after(() => registry.close());
  const report = async () => {
    const edges = [
      anEdge({ calls: 90, ms: 80, route: "orders/split" }),
      aFailure({ calls: 10, codes: { "no-instance": 10 } }),
    ];
    const callees = [{ service: "orders", retries: 3, hedges: 0, ejections: 0, parked: 0, budgetLeft: 1 }];
    const said = aReport({ edges, callees, expiry: { jwt: 1_700_000_000_000 } });
    broker.connect().send(subjects.signals("shop", "s1"), pack(said));
    await turns();
    clock.advance(5000);
  };
  await report();
  const get = async (path: string, headers = {}) => {
    const response = await fetch(`${registry.url}${path}`, { headers });
    return {
      status: response.status,
      type: response.headers.get("content-type"),
      text: await response.text(),
    };
  };
  // biome-ignore lint/suspicious/noExplicitAny: what a client of the API sees
  const json = async (path: string): Promise<any> => JSON.parse((await get(path)).text);
  return { clock, report, get, json, url: registry.url };
}
