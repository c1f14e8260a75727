import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { createAccessLog } from "../../../sidecar/observe/access-log.ts";
import type { RecentCall } from "../../../sidecar/observe/recent-calls.ts";
import { aRecentCall } from "../../support/calls.ts";
import { until } from "../../support/until.ts";

/** What is logged of these calls, read again. */
function logged(...calls: RecentCall[]) {
  let text = "";
  const log = createAccessLog((lines) => {
    text += lines.toString();
  });
  for (const call of calls) log.write(call);
  log.flush();
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

test("the access log writes one line for a call, without its query", () => {
  const before = Date.now();
  const [line] = logged(aRecentCall({ path: "/items?token=abc", traceparent: "00-a-b-01" }));
  const { time, ...entry } = line;
  assert.match(time, /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
  assert.ok(Math.abs(Date.parse(time) - before) < 1000, `${time} is the time of the end`);
  assert.deepEqual(entry, {
    ...{ log: "access", side: "client", caller: "shop", callee: "orders", version: "2", route: "" },
    ...{ mirrored: false, injected: "", access: "", instance: "o1", status: 200, flag: "-", attempts: 1 },
    ...{ method: "GET", path: "/items", durationMs: 1.5, requestId: "r1", traceparent: "00-a-b-01" },
  });
});

test("what the mesh answered itself has its code, and Envoy's flag", () => {
  const calls = [
    aRecentCall({ code: "overloaded", status: 503 }),
    aRecentCall({ injected: "delay" }),
    aRecentCall({ code: "fault", status: 418, injected: "abort" }),
    aRecentCall({ code: "fault", status: 418, injected: "delay,abort" }),
    aRecentCall({ code: "deadline", status: 504, injected: "delay" }),
  ];
  assert.deepEqual(
    logged(...calls).map(({ errorCode, flag, status, injected }) => [errorCode, flag, status, injected]),
    [
      ["overloaded", "UO", 503, ""],
      [undefined, "DI", 200, "delay"],
      ["fault", "FI", 418, "abort"],
      ["fault", "DI,FI", 418, "delay,abort"],
      ["deadline", "DI,UT", 504, "delay"],
    ],
  );
});

test("calls that differ in one thing alone have lines that differ in it", () => {
  const differences: Partial<RecentCall>[] = [
    { side: "server" },
    { caller: "web" },
    { callee: "pay" },
    { version: "3" },
    { rule: { name: "orders/canary", why: "" } },
    { mirrored: true },
    { injected: "delay" },
    { access: "denied by x" },
    { instance: "o2" },
    { status: 404 },
    { code: "gone", status: 502 },
    { attempt: 2 },
    { method: "PUT" },
  ];
  const usual = { startedAt: 0 };
  const [plain, ...others] = logged(
    aRecentCall(usual),
    ...differences.map((one) => aRecentCall({ ...usual, ...one })),
  );
  for (const [i, line] of others.entries()) assert.notDeepEqual(line, plain, JSON.stringify(differences[i]));
  assert.equal(new Set(others.map((line) => JSON.stringify(line))).size, differences.length);
});

test("whatever a caller writes stays one line of JSON, with what there is and nothing else", () => {
  const odd = { path: '/"\\\n\u2028\u0000é{}', access: 'denied by "r"', method: "G'ET" };
  const [line, ...more] = logged(
    aRecentCall({ ...odd, rule: { name: "a b/ü", why: "" }, headers: 'x-request-id: ",x\t{\r\n' }),
  );
  assert.deepEqual(more, []);
  const { path, access, method, route, requestId } = line;
  assert.deepEqual(
    { path, access, method, route, requestId },
    { ...odd, route: "a b/ü", requestId: '",x\t{' },
  );
  assert.equal("traceparent" in line, false);
});

test("what is logged is chosen by trace, but for what failed or was slow", () => {
  const log = createAccessLog(() => {}, { level: "info", accessSample: 0, accessSlowMs: 100 });
  const wanted = [{}, { status: 500 }, { code: "gone", status: 499 } as const, { ms: 100 }].map((over) =>
    log.wants(aRecentCall(over)),
  );
  assert.deepEqual(wanted, [false, true, true, true]);
});

test("of a reader that stands still nobody waits: lines are lost, in whole, and counted", async (t) => {
  const program = `
    import { createAccessLog } from ${JSON.stringify(new URL("../../../sidecar/observe/access-log.ts", import.meta.url).href)};
    const log = createAccessLog("stdout");
    const call = ${JSON.stringify(aRecentCall({ mirrored: true }))};
    for (let i = 0; i < 40_000; i++) {
      log.write(call);
      if (i % 100 === 0) await new Promise(setImmediate);
    }
    log.flush();
    process.stderr.write("written");
    process.stdin.once("data", () => { log.write(call); log.flush(); log.write(call); log.flush(); process.stdin.unref(); });
  `;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program]);
  t.after(() => child.kill("SIGKILL"));
  child.stdin.on("error", () => {}); // it may end at any time
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (chunk) => {
    said += chunk;
  });
  await until(() => said.includes("written"), { withinMs: 60_000 });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
  });
  // Only when it has room again does it tell.
  const waiting = setInterval(() => child.stdin.write("\n"), 100);
  t.after(() => clearInterval(waiting));
  await once(child, "close");
  const lines = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const lost = lines.reduce((sum, line) => sum + (line.lost ?? 0), 0);
  assert.ok(lost > 10_000, String(lost));
  assert.equal(lines.filter((line) => line.lost === undefined).length + lost, 40_002);
});
