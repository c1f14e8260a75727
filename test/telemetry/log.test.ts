import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createAccessLog } from "../../src/telemetry/access-log.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { until } from "../support/until.ts";

const sink = () => {
  const lines: string[] = [];
  return { lines, write: (line: string) => void lines.push(line) };
};

test("the log is JSON with the level as a word, and tells nothing below its level", () => {
  const out = sink();
  const log = createLog({ level: "warn", fields: { service: "shop" }, destination: out });
  log.info("quiet");
  log.warn({ port: 1 }, "loud");
  assert.equal(out.lines.length, 1);
  const line = JSON.parse(out.lines[0]!);
  assert.deepEqual(
    { ...line, time: undefined },
    { level: "warn", service: "shop", port: 1, msg: "loud", time: undefined },
  );
});

test("what bears the name of a secret is not logged, also inside other objects", () => {
  const out = sink();
  const log = createLog({ destination: out });
  const hidden = "do-not-show";
  log.info({ seed: hidden, user: { jwt: hidden, name: "shop" }, a: { b: { token: hidden } } }, "x");
  log.info({ headers: { authorization: hidden, cookie: hidden } }, "y");
  assert.ok(!out.lines.join("").includes(hidden));
  assert.equal(JSON.parse(out.lines[0]!).user.name, "shop");
});

test("the access log writes one line for a call, without its query", async () => {
  const out = sink();
  const log = createAccessLog(out);
  log.write({
    side: "client",
    caller: "shop",
    callee: "orders",
    version: "2",
    route: "",
    mirrored: false,
    injected: "",
    access: "",
    instance: "o1",
    method: "GET",
    path: "/items?token=abc",
    status: 200,
    errorCode: undefined,
    flag: "-",
    durationMs: 1.5,
    attempts: 1,
    requestId: "r1",
    traceparent: undefined,
  });
  assert.equal(out.lines.length, 1);
  const { time, ...entry } = JSON.parse(out.lines[0]!);
  assert.match(time, /^\d{4}-\d{2}-\d{2}T/);
  assert.equal(entry.path, "/items");
  assert.equal(entry.durationMs, 1.5);
  assert.deepEqual([entry.callee, entry.status, entry.log], ["orders", 200, "access"]);
});

const entry: Parameters<ReturnType<typeof createAccessLog>["write"]>[0] = {
  ...{ side: "server", caller: "shop", callee: "orders", version: "2", route: "", mirrored: true },
  ...{ injected: "", access: "", instance: "o1", method: "GET", path: "/", status: undefined },
  ...{
    errorCode: "overloaded",
    flag: "UO",
    durationMs: 0.12345,
    attempts: 1,
    requestId: "r",
    traceparent: "00-a",
  },
};

test("whatever a caller writes stays one line of JSON, with what there is and nothing else", () => {
  const out = sink();
  const odd = {
    path: '/"\\\n\u2028\u0000é{}',
    requestId: '",x\r\n',
    route: "a b/ü",
    access: 'denied by "r"',
  };
  createAccessLog(out).write({ ...entry, ...odd });
  assert.equal(out.lines[0]!.split("\n").length, 2);
  const { time: _, log, ...told } = JSON.parse(out.lines[0]!);
  const { status: __, ...known } = entry;
  assert.deepEqual(told, { ...known, ...odd, durationMs: 0.123 });
});

test("of a reader that stands still nobody waits: lines are lost, in whole, and counted", async (t) => {
  const program = `
    import { createAccessLog } from ${JSON.stringify(new URL("../../src/telemetry/access-log.ts", import.meta.url).href)};
    const log = createAccessLog("stdout");
    const entry = ${JSON.stringify(entry)};
    for (let i = 0; i < 40_000; i++) {
      log.write(entry);
      if (i % 100 === 0) await new Promise(setImmediate);
    }
    log.flush();
    process.stderr.write("written");
    process.stdin.once("data", () => { log.write(entry); log.flush(); log.write(entry); log.flush(); process.stdin.unref(); });
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

test("each line that a part logs names its event", () => {
  for (const top of ["src", "broker", "sidecar"])
    for (const name of readdirSync(top, { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".ts") || name.startsWith("telemetry")) continue;
      const text = readFileSync(join(top, name), "utf8");
      for (const [line, first] of text.matchAll(/\blog(?:\.(?:info|warn|error)|\[[^\]]+\])\(\s*([^,}]*)/g))
        assert.match(first!, /^\{ (?:event\b|\.\.\.event)/, `${join(top, name)}: ${line}`);
    }
});
