import type {
  Charted,
  Golden,
  Graph,
  GraphEdge,
  GraphNode,
  Instance,
  ServiceSignals,
} from "../../src/dashboard/pages/data/answers.ts";

/** Golden signals as the registry tells them, with what a test wants different. */
export const golden = (change: Partial<Golden> = {}) => ({
  ...{ calls: 600, rate: 10, success: 1, p50: 4, p90: 9, p99: 18, meanMs: 5 },
  statuses: { "2xx": 600, "3xx": 0, "4xx": 0, "5xx": 0, none: 0 },
  codes: {},
  ...{ retries: 0, hedges: 0, ejections: 0, parked: 0, limited: 0, queued: 0, shed: 0, overloaded: 0 },
  ...change,
});

export const quiet = golden({
  ...{ calls: 0, rate: 0, success: null, p50: null, p90: null, p99: null },
  statuses: { "2xx": 0, "3xx": 0, "4xx": 0, "5xx": 0, none: 0 },
});

export const node = (service: string, change: Partial<GraphNode> = {}): GraphNode =>
  ({
    ...{ service, health: "ok", isServed: true, slowVersions: [], instances: 1, ejected: 0, sidecars: 1 },
    versions: [{ version: "1", instances: 1 }],
    ...{ in: golden(), out: golden() },
    ...change,
  }) as GraphNode;

export const edge = (from: string, to: string, change: Partial<GraphEdge> = {}): GraphEdge =>
  ({
    ...{ from, to, seenBy: "both" },
    ...golden(),
    versions: [{ version: "1", ...golden() }],
    ...change,
  }) as GraphEdge;

export const graph = (nodes: readonly GraphNode[], edges: readonly GraphEdge[], to = Date.now()): Graph => ({
  ...{ from: to - 60_000, to, stepMs: 5000 },
  ...{ since: to - 7_200_000, full: { all: false, services: [] } },
  ...{ nodes, edges },
});

const failed = golden({
  ...{ calls: 600, rate: 10, success: 0.853, p99: 840, p90: 310 },
  statuses: { "2xx": 512, "3xx": 0, "4xx": 0, "5xx": 80, none: 8 },
  ...{ codes: { "no-instance": 8 }, retries: 42, ejections: 2 },
});

/** A shop in which version 2 of orders fails, and everything else does well. */
export const shop = (): Graph =>
  graph(
    [
      node("web", { instances: 0, versions: [], in: quiet }),
      node("visitor", { instances: 0, versions: [], in: quiet, health: "idle" }),
      node("shop", { in: golden({ rate: 31 }) }),
      node("orders", {
        ...{
          health: "failing",
          why: "14.7 % of its calls fail, mostly 5xx",
          instances: 3,
          ejected: 1,
          in: failed,
        },
        versions: [
          { version: "1", instances: 2 },
          { version: "2", instances: 1 },
        ],
      }),
      node("catalog"),
      node("stock", { in: golden({ rate: 420, p99: 6 }) }),
      node("mail", { health: "idle", in: quiet, out: quiet }),
    ],
    [
      edge("web", "shop", { rate: 28.4 }),
      edge("visitor", "shop", { rate: 2.6 }),
      edge("shop", "orders", {
        ...failed,
        versions: [
          { version: "1", ...golden({ calls: 400, p90: 9 }) },
          { version: "2", ...golden({ ...failed, calls: 200, success: 0.56 }) },
        ],
      }),
      edge("orders", "catalog", { rate: 9.1 }),
      edge("catalog", "stock", { rate: 420 }),
      edge("web", "mail", { ...quiet, success: null, versions: [] }),
    ],
  );

const charted = (one: ReturnType<typeof golden>, steps: number): Charted => ({
  ...one,
  points: {
    rate: Array.from({ length: steps }, (_, i) => one.rate * (1 + 0.2 * Math.sin(i / 4))),
    failed: Array.from({ length: steps }, (_, i) =>
      one.success === 1 || i < steps / 2 ? 0 : one.rate * 0.15,
    ),
    p50: Array.from({ length: steps }, (_, i) => (one.p50 === null ? null : one.p50 + (i % 5))),
    p99: Array.from({ length: steps }, (_, i) =>
      one.p99 === null ? null : one.p99 * (0.8 + 0.3 * Math.cos(i / 5)),
    ),
  },
});

export function signals(
  service: string,
  names: readonly string[] = ["1", "2"],
  dimension = "version",
): ServiceSignals {
  const [to, steps] = [Math.floor(Date.now() / 5000) * 5000, 60];
  return {
    ...{ from: to - steps * 5000, to, stepMs: 5000, service },
    in: charted(failed, steps),
    out: charted(golden({ rate: 9.1 }), steps),
    by: {
      dimension: dimension as ServiceSignals["by"]["dimension"],
      direction: dimension === "callee" ? "out" : "in",
      policy: dimension === "version" ? [] : ["retries", "ejections"],
      rows: names.map((name, i) => ({ name, ...charted(i === 1 ? failed : golden({ rate: 6 + i }), steps) })),
    },
    instances: [
      {
        ...{ instance: "5cde1d4ce621", version: "2", inFlight: { client: 1, server: 3 } },
        app: { running: 3, waiting: 1, limit: 64 },
        expiry: { jwt: Date.now() + 2_400_000, leaf: Date.now() + 80_000_000 },
      },
    ] as ServiceSignals["instances"],
  };
}

export const instance = (service: string, name: string, change: Partial<Instance> = {}): Instance => ({
  ...{ service, instance: name, version: "1", state: "up" },
  startedAt: new Date(Date.now() - 7_500_000).toISOString(),
  lastSeen: new Date().toISOString(),
  ...{ confirmed: true },
  ...change,
});
