import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import type { KeptTrace, Kind } from "../../src/dashboard/pages/data/trace-answers.ts";
import { instance, shop, signals } from "./scene.ts";
import { FAILED, FORGOTTEN, failedTrace, keptTraces, traceAnswerOf } from "./trace-scene.ts";

/** What a registry answers, by path without the query: a value, or a function of the URL and of whether an admin asks. */
export type Answers = Record<string, unknown>;

const time = (agoMs: number): string => new Date(Date.now() - agoMs).toISOString();
const route = (weight: number) => ({
  ...{
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "orders", namespace: "default" },
  },
  spec: {
    parentRefs: [{ group: "", kind: "Service", name: "orders" }],
    rules: [
      {
        name: "split",
        backendRefs: [
          { name: "orders", version: "1", weight: 100 - weight },
          { name: "orders", version: "2", weight },
        ],
        timeouts: { request: "2s" },
      },
    ],
  },
});
const entry = (resource: object, revision: number) => ({ createdAt: time(900_000), revision, resource });
const policy = {
  apiVersion: "weft.dev/v1",
  ...{ kind: "ServicePolicy", metadata: { name: "orders", namespace: "default" } },
  spec: { breaker: { consecutive: { failures: 7 } }, park: { maxWait: "5s", calls: 100 } },
};
const revision = (number: number, by: string, cause: string) => ({
  ...{
    revision: number,
    at: time(3_600_000 / number),
    by,
    cause,
    created: number === 1 ? 1 : 0,
    configured: number === 1 ? 0 : 1,
    deleted: 0,
  },
});

/** A mesh with a shop in it, in which not everything goes well. */
export const aShop = (): Answers => ({
  "/v1/graph": shop(),
  "/v1/health": {
    ...{ status: "ok", settled: true, startedAt: time(7_200_000) },
    ...{ broker: { state: "connected" }, store: { state: "kept" } },
  },
  "/v1/instances": (url: URL) => {
    const all = [
      instance("orders", "5cde1d4ce621", { version: "2", ejectedBy: { services: ["shop"], sidecars: 1 } }),
      instance("orders", "0a1b2c3d4e5f"),
      instance("orders", "ffee00112233", { state: "silent", lastSeen: time(48_000) }),
      instance("catalog", "77aa88bb99cc"),
    ];
    const service = url.searchParams.get("service");
    return { instances: all.filter((one) => service === null || one.service === service) };
  },
  "/v1/sidecars": {
    revision: 3,
    sidecars: ["orders", "catalog", "shop"].map((service, i) => ({
      ...{
        service,
        instance: ["5cde1d4ce621", "77aa88bb99cc", "b00b1e5b00b1"][i],
        version: "1",
        role: "instance",
      },
      ...{ policyRevision: i === 1 ? 2 : 3, lagging: i === 1, lastSeen: time(1000) },
    })),
  },
  "/v1/policy": {
    ...{ lineage: "l", revision: 3, at: time(1_200_000), store: { state: "kept" } },
    resources: [entry(route(30), 3), entry(policy, 2)],
  },
  "/v1/policy/history": {
    revisions: [
      revision(3, "ann@laptop", "apply"),
      revision(2, "ann@laptop", "apply"),
      revision(1, "ci", "apply"),
    ],
  },
  "/v1/policy/history/3": { resources: [entry(route(30), 3), entry(policy, 2)] },
  "/v1/policy/history/2": { resources: [entry(route(10), 1), entry(policy, 2)] },
  "/v1/policy/history/1": { resources: [entry(route(10), 1)] },
  "/v1/traces": (url: URL) => {
    const { kind, service, leastMs } = Object.fromEntries(url.searchParams);
    const isShown = ({ why, services, longest }: KeptTrace): boolean =>
      (kind === undefined || why.includes(kind as Kind)) &&
      (service === undefined || services.includes(service)) &&
      longest.ms >= Number(leastMs ?? 0);
    return { traces: keptTraces().filter(isShown) };
  },
  [`/v1/traces/${FAILED}`]: (_: URL, isAdmin: boolean) => failedTrace(isAdmin),
  [`/v1/traces/${FORGOTTEN}`]: traceAnswerOf(FORGOTTEN, [], false),
  "/v1/explain/0f3c2d1e": { requestId: "0f3c2d1e", accounts: failedTrace().spans.slice(2, 5) },
  "/v1/signals/orders": (url: URL) => {
    const by = url.searchParams.get("by") ?? "version";
    return signals("orders", by === "version" ? ["1", "2"] : ["shop", "web"], by);
  },
});

export interface FakeRegistry {
  readonly url: string;
  /** May be changed while it runs. */
  answers: Answers;
  /** Every request line, and who came as an admin. */
  readonly asked: {
    readonly method: string;
    readonly url: string;
    readonly authorization: string | undefined;
  }[];
  /** How many read a stream. */
  readonly readers: number;
  /** Tells all streams that there is news. */
  tell(): void;
  /** False: it takes requests and never answers. */
  answering: boolean;
  close(): Promise<void>;
}

/** A registry that says what a test wants it to say. */
export async function fakeRegistry(t: TestContext, answers: Answers = aShop()): Promise<FakeRegistry> {
  const streams = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    const url = new URL(request.url!, "http://localhost");
    fake.asked.push({
      method: request.method!,
      url: request.url!,
      authorization: request.headers.authorization,
    });
    if (!fake.answering) return;
    if (/\/(?:stream|watch)$/.test(url.pathname)) {
      response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
      response.write("retry: 1000\n\nevent: graph\ndata: {}\n\n");
      streams.add(response);
      response.on("close", () => streams.delete(response));
      return;
    }
    const found = fake.answers[url.pathname];
    const value =
      typeof found === "function" ? found(url, request.headers.authorization !== undefined) : found;
    response.writeHead(value === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(
      JSON.stringify(value ?? { error: { code: "unknown", message: `there is no ${url.pathname} here` } }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const fake: FakeRegistry = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answers,
    asked: [],
    answering: true,
    get readers() {
      return streams.size;
    },
    tell() {
      for (const stream of streams) stream.write("event: graph\ndata: {}\n\n");
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  t.after(() => fake.close());
  return fake;
}
