import type { TestContext } from "node:test";
import { MemoryBroker } from "../../src/bus/memory-bus.ts";
import { Catalog } from "../../src/registry/catalog.ts";
import { Drops } from "../../src/registry/drops.ts";
import { Heartbeater } from "../../src/registry/heartbeater.ts";
import { Registry } from "../../src/registry/registry.ts";
import { InstanceTable } from "../../src/registry/table.ts";
import { SILENT_AFTER_MS } from "../../src/registry/wire.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { silentLog } from "./beats.ts";

/** After this every table has converged on a registry that started anew. */
export const AFTER_RESTART_MS = 2 * SILENT_AFTER_MS;

/** A sidecar's table, registries and instances around one broker in memory, under one clock. */
export function setUp(t: TestContext) {
  const broker = new MemoryBroker();
  const clock = new FakeClock();
  const bus = broker.connect();
  const table = new InstanceTable({ bus, clock, caller: "shop", instance: "s1" });
  t.after(() => table.close());
  const log: string[] = [];
  table.onGone((service, instance, reason) => log.push(`gone ${service} ${instance} ${reason}`));
  table.onUp((row) => log.push(`up ${row.service} ${row.instance}`));
  const startRegistry = () => {
    const registryBus = broker.connect();
    const catalog = new Catalog(clock);
    const drops = new Drops(silentLog, () => clock.now());
    const registry = new Registry({ bus: registryBus, catalog, clock, drops });
    registry.start();
    const stop = async () => {
      registry.stop();
      await registryBus.close();
    };
    return { catalog, registry, stop };
  };
  const startInstance = (instance: string, service = "orders") => {
    const beats = new Heartbeater({ bus: broker.connect(), clock, service, instance, version: "2" });
    beats.set("up");
    return beats;
  };
  const names = (service = "orders") => table.instances(service).map(({ instance }) => instance);
  return { broker, bus, clock, table, log, startRegistry, startInstance, names };
}
