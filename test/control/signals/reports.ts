import type { EdgeReport, SignalReport } from "../../../src/control/signals/wire.ts";
import { bucketOf } from "../../../src/telemetry/histogram.ts";

/** Ten calls of `shop`'s to version 2 of orders, each of 7 ms, that went well. */
export const anEdge = (over: Partial<EdgeReport> & { calls?: number; ms?: number } = {}): EdgeReport => {
  const { calls = 10, ms = 7, ...rest } = over;
  return {
    ...{ side: "client", peer: "orders", version: "2" },
    statuses: [0, 0, calls, 0, 0, 0],
    ...{ failed: 0, sumMs: calls * ms, durations: [bucketOf(ms), calls] },
    ...rest,
  };
};

/** The same number of calls, all of them failed. */
export const aFailure = (over: Parameters<typeof anEdge>[0] = {}): EdgeReport => {
  const calls = over?.calls ?? 10;
  return anEdge({ statuses: [0, 0, 0, 0, 0, calls], failed: calls, ...over });
};

export const aReport = (over: Partial<SignalReport> = {}): SignalReport => ({
  version: "1",
  edges: [anEdge()],
  inFlight: { client: 0, server: 0 },
  ...over,
});
