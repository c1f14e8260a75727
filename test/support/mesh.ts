import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import type { SidecarOptions } from "../../sidecar/options.ts";
import { type Sidecar, startSidecar } from "../../sidecar/sidecar.ts";
import type { Bus } from "../../src/bus/bus.ts";
import { connectBus } from "../../src/bus/nats-bus.ts";
import type { TestBroker } from "./broker.ts";
import { openCredentials } from "./open-credentials.ts";
import { until } from "./until.ts";

let count = 0;

export interface SidecarUnderTest extends Sidecar {
  readonly instance: string;
  readonly bus: Bus;
  /** What it said to its operator. */
  readonly said: string[];
}

/** Starts a sidecar on a broker without TLS and users, and stops it when the test ends. */
export async function testSidecar(
  broker: TestBroker,
  service: string,
  options: Partial<SidecarOptions> = {},
): Promise<SidecarUnderTest> {
  const bus = options.bus ?? (await connectBus(openCredentials(broker.url), service));
  const instance = options.instance ?? `i${++count}`;
  const said: string[] = [];
  const sidecar = await startSidecar({
    ...{ mesh: "mesh", service, instance, version: "1", bus },
    ...{ listen: { host: "127.0.0.1", port: 0 }, admin: { host: "127.0.0.1", port: 0 } },
    say: (level, message) => said.push(`${level}: ${message}`),
    ...options,
  });
  broker.beforeEnd(async () => {
    await sidecar.close(0);
    await bus.close();
  });
  if (options.app) await until(() => sidecar.readiness().ready, { what: `${service} to be ready` });
  await bus.flush();
  return { ...sidecar, instance, bus, said };
}

/** An HTTP app on a free port of loopback. */
export async function testApp(
  t: TestContext,
  handle: RequestListener,
): Promise<{ host: string; port: number; server: Server }> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { host: "127.0.0.1", port: (server.address() as AddressInfo).port, server };
}

/** An HTTP app whose requests the test answers one by one. */
export async function handledApp(t: TestContext) {
  const asked: { request: IncomingMessage; response: ServerResponse }[] = [];
  const app = await testApp(t, (request, response) => void asked.push({ request, response }));
  /** The next request that has reached the app. */
  const next = async () => {
    await until(() => asked.length > 0, { what: "a request to reach the app" });
    return asked.shift()!;
  };
  return { ...app, asked, next };
}
