import type { IncomingMessage } from "node:http";
import type { TestContext } from "node:test";
import type { AppAddress } from "../../sidecar/life/health.ts";
import type { SidecarOptions } from "../../sidecar/options.ts";
import { connectBus } from "../../src/bus/nats-bus.ts";
import { policyExtension } from "../../src/control/extension.ts";
import { MemoryPolicyStore } from "../../src/control/store/memory-store.ts";
import { systemClock } from "../../src/registry/clock.ts";
import { runRegistry } from "../../src/registry/start.ts";
import { MemoryStore } from "../../src/registry/store/memory-store.ts";
import { Subjects } from "../../src/subjects/subjects.ts";
import { type Asked, ask } from "./ask.ts";
import { testBroker } from "./broker.ts";
import { type SidecarUnderTest, testApp, testSidecar } from "./mesh.ts";
import { openCredentials } from "./open-credentials.ts";
import type { TestServer } from "./servers.ts";
import { until } from "./until.ts";

/** What the echo apps answer: who they are, and what reached them. */
export interface Echo {
  readonly service: string;
  readonly version: string;
  readonly instance: string;
  readonly method: string;
  readonly path: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
  readonly trailers: NodeJS.Dict<string>;
}

export interface EchoService {
  readonly sidecar: SidecarUnderTest;
  /** Every request that has reached the app, the oldest first. */
  readonly seen: Echo[];
}

export type RoutedMesh = Awaited<ReturnType<typeof routedMesh>>;

const ADMIN_TOKEN = "the-token-of-a-test";
const silentLog = { info() {}, warn() {}, error() {} };

/** A real broker without users, a registry that keeps policy in memory, and echo services of any version. */
export async function routedMesh(t: TestContext, { server }: { server?: TestServer } = {}) {
  const broker = await testBroker(t, server === undefined ? {} : { server });
  const bus = await connectBus(openCredentials(broker.url), "registry");
  const registry = await runRegistry({
    ...{ bus, store: new MemoryStore(), subjects: new Subjects() },
    ...{ http: { port: 0 }, log: silentLog, clock: systemClock },
    extend: policyExtension(new MemoryPolicyStore(), ADMIN_TOKEN),
  });
  let closing: Promise<void> | undefined;
  const stopRegistry = () => {
    closing ??= registry.close();
    return closing;
  };
  broker.beforeEnd(stopRegistry);

  const post = async (path: string, body: object) => {
    const response = await fetch(`${registry.url}/v1/policy/${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    // biome-ignore lint/suspicious/noExplicitAny: the schemas are tested elsewhere; here a field or two is looked at.
    return { status: response.status, body: (await response.json()) as any };
  };
  // biome-ignore lint/suspicious/noExplicitAny: as above
  const get = async (path: string): Promise<any> => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    return (await fetch(`${registry.url}/v1/${path}`, { headers })).json();
  };
  const allInStep = () =>
    until(
      async () => {
        const { sidecars } = await get("sidecars");
        return sidecars.length > 0 && sidecars.every(({ lagging }: { lagging: boolean }) => !lagging);
      },
      { what: "all sidecars to run the policy" },
    );

  const serve = async (
    service: string,
    app: AppAddress,
    options: Partial<SidecarOptions> = {},
  ): Promise<SidecarUnderTest> => {
    const { host, port } = app;
    const sidecar = await testSidecar(broker, service, { ...options, app: { host, port } });
    await until(
      async () => {
        const { instances } = await get(`instances?service=${service}`);
        return instances.some(({ instance }: { instance: string }) => instance === sidecar.instance);
      },
      { what: `${service} (instance ${sidecar.instance}) to be known` },
    );
    return sidecar;
  };

  return {
    broker,
    registry,
    adminToken: ADMIN_TOKEN,
    stopRegistry,
    get,
    post,
    allInStep,
    /** The sidecar of an app of the test's own; resolves when the registry knows it. */
    serve,
    /** Applies resources and waits until every sidecar runs them. */
    async apply(...resources: object[]) {
      const { status, body } = await post("apply", { resources });
      if (status !== 200) throw new Error(JSON.stringify(body, null, 1));
      await allInStep();
      return body;
    },
    /** An app that answers with what it was asked, and its sidecar; resolves when the registry knows it. */
    async echo(
      service: string,
      version = "1",
      answer?: (request: IncomingMessage) => Record<string, string> | undefined,
    ): Promise<EchoService> {
      const seen: Echo[] = [];
      let instance = "";
      const app = await testApp(t, async (request, response) => {
        let body = "";
        try {
          for await (const chunk of request) body += chunk;
        } catch {
          return; // the rest never came
        }
        const { method = "", url = "", headers, trailers } = request;
        const echo = { service, version, instance, method, path: url, headers, body, trailers };
        seen.push(echo);
        response.writeHead(200, { "content-type": "application/json", ...answer?.(request) });
        response.end(JSON.stringify(echo));
      });
      const sidecar = await serve(service, app, { version });
      instance = sidecar.instance;
      return { sidecar, seen };
    },
    caller: (service = "shop", options: Partial<SidecarOptions> = {}) =>
      testSidecar(broker, service, options),
  };
}

/** One request, and what the echo app saw of it; `echo` is undefined when the answer is the mesh's own. */
export async function askEcho(
  from: SidecarUnderTest,
  host: string,
  path = "/",
  options: Parameters<typeof ask>[3] = {},
): Promise<{ readonly answer: Asked; readonly echo: Echo | undefined }> {
  const answer = await ask(from.listen, host, path, options);
  const isEcho = answer.headers["content-type"] === "application/json";
  return { answer, echo: isEcho ? (JSON.parse(answer.text) as Echo) : undefined };
}

/** An HTTPRoute of one service, as YAML would have it. */
export const route = (service: string, rules: object[], name = service): object => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name },
  spec: { parentRefs: [{ group: "", kind: "Service", name: service }], rules },
});

/** The ServicePolicy of one service. */
export const policy = (service: string, spec: object): object => ({
  apiVersion: "weft.dev/v1",
  kind: "ServicePolicy",
  metadata: { name: service },
  spec,
});
