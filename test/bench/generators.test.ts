import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { findProgram } from "../../bench/find-program.ts";
import { autocannonRole } from "../../bench/load/autocannon-load.ts";
import { openLoadRole } from "../../bench/load/open-load.ts";
import type { HttpTarget, LoadResult } from "../../bench/load/result.ts";
import { wrkGenerator } from "../../bench/load/wrk.ts";
import { percentileIndex, type Scenario } from "../../bench/scenario.ts";
import { removeFolder } from "../support/state.ts";

type Seen = { host: string | undefined; method: string | undefined; path: string | undefined; bytes: number };

/** An app that tells what it saw, and that can be made slow or failing. */
async function app(t: TestContext, answer: (n: number) => { status?: number; waitMs?: number } = () => ({})) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const { status = 200, waitMs = 0 } = answer(seen.length);
    const { method, url, headers } = request;
    const entry: Seen = { host: headers.host, method, path: url, bytes: 0 };
    seen.push(entry);
    for await (const chunk of request) entry.bytes += chunk.length;
    if (waitMs > 0) await delay(waitMs);
    response.writeHead(status, { "content-length": 2 }).end("ok");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const target: HttpTarget = { port: (server.address() as AddressInfo).port, host: "echo.mesh" };
  return { target, seen };
}

const closed = (bodyBytes = 0): Scenario => ({ load: { kind: "closed", connections: 2 }, bodyBytes });
const open = (ratePerS: number, bodyBytes = 0, connections = 8): Scenario => ({
  load: { kind: "open", connections, ratePerS },
  bodyBytes,
});

/** Runs a generator's role in this process, and gives its result. */
async function resultOf(role: (say: (line: object) => void) => Promise<void>): Promise<LoadResult> {
  const lines: object[] = [];
  await role((line) => void lines.push(line));
  assert.equal(lines.length, 2, "one line when it begins to measure, one with the result");
  return lines[1] as LoadResult;
}

test("autocannon puts on the load that was asked for, and gives latencies finer than a millisecond", async (t) => {
  const { target, seen } = await app(t);
  const options = { target, scenario: closed(1024), warmupS: 0, measureS: 1 };
  const result = await resultOf((say) => autocannonRole(options, say));
  assert.equal(result.errors, 0);
  assert.ok(result.requests > 10);
  assert.ok(result.percentilesUs.some((us) => !Number.isInteger(us / 1000)));
  assert.deepEqual(seen[0], { host: "echo.mesh", method: "POST", path: "/1024", bytes: 1024 });
});

test("wrk does the same, where it is installed", async (t) => {
  const wrk = findProgram("wrk");
  if (!wrk) return t.skip("wrk is not installed");
  const { target, seen } = await app(t, (n) => ({ status: n === 0 ? 500 : 200 }));
  const folder = mkdtempSync(join(tmpdir(), "weft-test-bench-"));
  t.after(() => removeFolder(folder));
  let measuring = 0;
  const result = await wrkGenerator(wrk, folder, target)(
    closed(1024),
    { warmupS: 0, measureS: 1 },
    () => measuring++,
  );
  assert.equal(measuring, 1);
  assert.equal(result.errors, 1);
  assert.ok(result.requests > 10);
  assert.ok(result.percentilesUs[percentileIndex(50)]! > 0);
  assert.deepEqual(seen[0], { host: "echo.mesh", method: "POST", path: "/1024", bytes: 1024 });
});

test("an open loop keeps its rate, and sends what it should", async (t) => {
  const { target, seen } = await app(t);
  const options = { target, scenario: open(200, 1024), warmupS: 0, measureS: 0.5 };
  const result = await resultOf((say) => openLoadRole(options, say));
  assert.equal(result.requests, 100);
  assert.equal(result.errors, 0);
  assert.deepEqual(seen[0], { host: "echo.mesh", method: "POST", path: "/1024", bytes: 1024 });
});

test("in an open loop a stall is seen by every request that was due meanwhile", async (t) => {
  const { target } = await app(t, (n) => ({ waitMs: n === 20 ? 300 : 0 }));
  const options = { target, scenario: open(200, 0, 1), warmupS: 0, measureS: 0.6 };
  const { requests, percentilesUs } = await resultOf((say) => openLoadRole(options, say));
  assert.equal(requests, 120);
  // 60 requests were due during the stall on the only connection: half of all waited, on average half of it.
  assert.ok(percentilesUs[percentileIndex(75)]! > 50_000, `p75 was ${percentilesUs[percentileIndex(75)]} µs`);
});

test("an open loop counts answers other than 2xx as errors", async (t) => {
  const { target } = await app(t, () => ({ status: 503 }));
  const options = { target, scenario: open(100), warmupS: 0, measureS: 0.2 };
  const result = await resultOf((say) => openLoadRole(options, say));
  assert.equal(result.errors, 20);
});
