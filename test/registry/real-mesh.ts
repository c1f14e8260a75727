import { join } from "node:path";
import type { TestContext } from "node:test";
import { renderConfig } from "../../broker/config.ts";
import type { Bus } from "../../src/bus/bus.ts";
import { connectBus } from "../../src/bus/nats-bus.ts";
import { startRegistry } from "../../src/control/start.ts";
import type { Clock } from "../../src/registry/clock.ts";
import { Heartbeater, type HeartbeaterOptions } from "../../src/registry/heartbeater.ts";
import type { RunningRegistry } from "../../src/registry/start.ts";
import { InstanceTable } from "../../src/registry/table.ts";
import { testBroker } from "../support/broker.ts";
import { type SecuredMesh, securedMesh } from "../support/secured-mesh.ts";
import type { TestServer } from "../support/servers.ts";
import { silentLog } from "./beats.ts";

/** So many times faster than life, because six seconds of silence are long in a test. */
const FASTER = 5;

export const fastClock: Clock = {
  now: () => performance.now() * FASTER,
  unix: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms / FASTER).unref();
    return () => clearTimeout(timer);
  },
};

export const ADMIN_TOKEN = "an-admin-token";

export interface RealMesh extends SecuredMesh {
  startRegistry(): Promise<RunningRegistry>;
  /** The same broker, on the same port, after a moment of none. */
  restartBroker(): Promise<void>;
  /** An instance that beats, with its bus. */
  startInstance(
    service: string,
    version?: string,
    more?: Partial<HeartbeaterOptions>,
  ): Promise<{ bus: Bus; beats: Heartbeater; instance: string }>;
  startTable(caller: string): Promise<{ bus: Bus; table: InstanceTable }>;
}

/** A registry's surroundings in life: a broker with TLS, accounts, permissions and JetStream. */
export async function realMesh(t: TestContext, server: TestServer): Promise<RealMesh> {
  // Hooks run in the order in which they are given: this one must come before the one that stops the broker.
  const ends: (() => unknown)[] = [];
  t.after(async () => {
    for (const end of ends.reverse()) await end();
  });
  const mesh = await securedMesh(t, server);
  const connect = async (service: string, version?: string) => {
    const { credentials, instance } = await mesh.instance(service, version);
    const bus = await connectBus(credentials, `${service}-${instance}`);
    ends.push(() => bus.close());
    return { bus, instance };
  };
  return {
    ...mesh,
    async startRegistry() {
      const running = await startRegistry({
        credentials: mesh.part("registry"),
        storeCredentials: mesh.part("registry-store"),
        http: { port: 0 },
        adminToken: ADMIN_TOKEN,
        log: silentLog,
        clock: fastClock,
      });
      ends.push(() => running.close());
      return running;
    },
    async restartBroker() {
      await mesh.broker.stop();
      const { port } = mesh.broker;
      const place = { serverName: "test", host: "127.0.0.1", port, dataDir: join(mesh.state, "nats") };
      const config = renderConfig({ ...place, trust: mesh.trust, tls: mesh.trust.tls });
      await testBroker(t, { server, port, config });
    },
    async startInstance(service, version = "1", more = {}) {
      const { bus, instance } = await connect(service, version);
      const beats = new Heartbeater({ bus, clock: fastClock, service, instance, version, ...more });
      ends.push(() => beats.leave());
      beats.set("up");
      return { bus, beats, instance };
    },
    async startTable(caller) {
      const { bus, instance } = await connect(caller);
      const table = new InstanceTable({ bus, clock: fastClock, caller, instance });
      ends.push(() => table.close());
      return { bus, table };
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: the schemas are tested elsewhere; here a field or two is looked at.
export const getJson = async (url: string): Promise<any> => (await fetch(url)).json();
