import assert from "node:assert/strict";
import { test } from "node:test";
import { callFamilies } from "../../src/telemetry/call-families.ts";
import { CallMeter } from "../../src/telemetry/call-meter.ts";

const call = { method: "GET", status: 200, peer: "orders", version: "2", route: "", injected: "" } as const;
const ended = { ...call, errorCode: undefined, durationMs: 7 };

function scene() {
  let now = 0;
  const meter = new CallMeter({ side: "client", service: "shop", idleMs: 60_000, now: () => now });
  const families = callFamilies(meter);
  const read = (name: string) => [...families.find((family) => family.name === name)!.read()];
  const advance = (ms: number) => {
    now += ms;
  };
  return { meter, read, advance };
}

test("calls are summed up for each edge, by class of status, and those that failed", () => {
  const { meter, read } = scene();
  for (const status of [200, 204, 404, 500]) meter.ended({ ...ended, status });
  meter.ended({ ...ended, status: 403, errorCode: "denied" });
  meter.ended({ ...ended, status: undefined, errorCode: "cancelled" });
  const edge = { weft_caller: "shop", weft_callee: "orders", weft_version: "2" };
  assert.deepEqual(
    read("weft_client_requests_total").map(({ labels, value }) => [labels.status_class, value]),
    [
      ["none", 1],
      ["2xx", 2],
      ["4xx", 2],
      ["5xx", 1],
    ],
  );
  assert.deepEqual(read("weft_client_failed_total"), [{ labels: edge, value: 2 }]);
});

test("a sum does not fall when some of its series are dropped as idle, and goes when all of them are", () => {
  const { meter, read, advance } = scene();
  const duration = "http_client_request_duration_seconds";
  const sums = () => read("weft_client_requests_total").map(({ value }) => value);
  meter.ended({ ...ended, method: "PUT" });
  read(duration);
  advance(59_000);
  meter.ended(ended);
  read(duration);
  advance(2000);
  assert.equal(read(duration).filter(({ metricName }) => metricName === `${duration}_count`).length, 1);
  assert.deepEqual(sums(), [2]);
  advance(61_000);
  read(duration);
  assert.deepEqual(sums(), []);
});
