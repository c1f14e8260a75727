import { GlobalRate } from "../../../sidecar/inbound/global-rate.ts";
import type { Rate } from "../../../sidecar/policy/gcra.ts";
import { MemoryBroker } from "../../../src/bus/memory-bus.ts";
import type { PolicySet } from "../../../src/control/policy-set.ts";
import { LastShare } from "../../../src/control/rate/last-share.ts";
import { RateDesk } from "../../../src/control/rate/rate-desk.ts";
import { Catalog } from "../../../src/registry/catalog.ts";
import { Drops } from "../../../src/registry/drops.ts";
import { Heartbeater } from "../../../src/registry/heartbeater.ts";
import { Registry } from "../../../src/registry/registry.ts";
import { InstanceTable } from "../../../src/registry/table.ts";
import { type ServicePolicy, servicePolicy } from "../../../src/resources/service-policy.ts";
import { silentLog } from "../../registry/beats.ts";
import { FakeClock, turns } from "../../support/fake-clock.ts";
import { seeded } from "../../support/random.ts";

/** After this a registry lends, because it has heard everybody. */
export const SETTLED_MS = 6500;

const STEP_MS = 20;

/** The policy of one service, with a global rate. */
export class OnePolicy implements PolicySet {
  readonly loaded = true;
  readonly lineage = "l1";
  revision = 1;
  #policy: ServicePolicy | undefined;
  readonly #listeners = new Set<(services: readonly string[]) => void>();

  constructor(rate: Rate) {
    this.limit(rate);
  }

  routingOf(service: string) {
    const policy = service === "orders" ? this.#policy : undefined;
    return { service, revision: this.revision, routes: [], ...(policy === undefined ? {} : { policy }) };
  }

  onChange(listener: (services: readonly string[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  limit(rate: Rate | undefined): void {
    this.revision++;
    this.#policy =
      rate &&
      (servicePolicy.parse({
        apiVersion: "weft.dev/v1",
        kind: "ServicePolicy",
        metadata: { name: "orders" },
        spec: {
          rateLimit: {
            global: { requests: rate.requests, interval: `${rate.intervalMs}ms`, burst: rate.burst },
          },
        },
      }) as ServicePolicy);
    for (const listener of this.#listeners) listener(["orders"]);
  }
}

/** Instances of `orders` with one rate, registries, and calls at random moments: all in memory, under one clock. */
export function rateScene(rate: Rate, seed = 1) {
  const broker = new MemoryBroker();
  const clock = new FakeClock();
  const random = seeded(seed);
  const policy = new OnePolicy(rate);
  const startRegistry = () => {
    const bus = broker.connect();
    const catalog = new Catalog(clock);
    const drops = new Drops(silentLog, () => clock.now());
    const registry = new Registry({ bus, catalog, clock, drops });
    const desk = new RateDesk({ bus, catalog, clock, drops, policy });
    registry.start();
    desk.start();
    const stop = () => {
      registry.stop();
      desk.stop();
      return bus.close();
    };
    return { bus, catalog, drops, stop };
  };
  /** @param folder where it keeps its share; nowhere when absent */
  const startInstance = (instance: string, folder?: string) => {
    const bus = broker.connect();
    const beats = new Heartbeater({ bus, clock, service: "orders", instance, version: "1" });
    beats.set("up");
    const table = new InstanceTable({ bus, clock, caller: "orders", instance });
    const warned: string[] = [];
    const warn = (message: string) => warned.push(message);
    const lastShare = folder === undefined ? undefined : new LastShare(folder, instance, clock, warn);
    const global = new GlobalRate(
      { bus, clock, service: "orders", instance, table, random, lastShare },
      rate,
    );
    const leave = async () => {
      await beats.leave();
      global.close();
      table.close();
      await bus.close();
      lastShare?.close();
      await lastShare?.written();
    };
    return { instance, bus, table, global, lastShare, warned, leave, asked: 0, through: 0 };
  };
  type Instance = ReturnType<typeof startInstance>;

  /**
   * Lets time pass while each of some instances is asked for so many calls a second. Gives what passed a second.
   * @param caller who makes the next call; by default one makes all
   */
  const offer = async (
    load: readonly (readonly [Instance, number])[],
    seconds: number,
    caller: () => string = () => "shop",
  ): Promise<number> => {
    let through = 0;
    for (const [one] of load) one.through = one.asked = 0;
    for (let past = 0; past < seconds * 1000; past += STEP_MS) {
      const now = clock.now();
      const arrivals = load.flatMap(([one, perSecond]) =>
        Array.from({ length: poisson((perSecond * STEP_MS) / 1000, random) }, () => ({
          one,
          at: now + random() * STEP_MS,
        })),
      );
      for (const { one, at } of arrivals.sort((a, b) => a.at - b.at)) {
        one.asked++;
        if (one.global.gate(caller(), at) > 0) continue;
        through++;
        one.through++;
      }
      clock.advance(STEP_MS);
      await turns(4);
    }
    return through / seconds;
  };
  return { broker, clock, policy, random, startRegistry, startInstance, offer };
}

/** How many of many come, when `mean` do on average (Knuth, The Art of Computer Programming, 3.4.1). */
function poisson(mean: number, random: () => number): number {
  const least = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > least; product *= random()) count++;
  return count;
}
