import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createLog } from "../../src/telemetry/log.ts";

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

test("each line that a part logs names its event", () => {
  for (const top of ["src", "broker", "sidecar"])
    for (const name of readdirSync(top, { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".ts") || name.startsWith("telemetry")) continue;
      const text = readFileSync(join(top, name), "utf8");
      for (const [line, first] of text.matchAll(/\blog(?:\.(?:info|warn|error)|\[[^\]]+\])\(\s*([^,}]*)/g))
        assert.match(first!, /^\{ (?:event\b|\.\.\.event)/, `${join(top, name)}: ${line}`);
    }
});
