import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "../support/until.ts";

test("SIGUSR2 moves the log of a part to the next level, and round again", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "weft-level-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const program = `
    import { createLog } from ${JSON.stringify(new URL("../../src/telemetry/log.ts", import.meta.url).href)};
    import { levelOnSignal } from ${JSON.stringify(new URL("../../src/cli/level-on-signal.ts", import.meta.url).href)};
    const log = createLog({ fields: { part: "registry" } });
    levelOnSignal(log);
    log.info({ event: "started" }, "ready");
    process.stdin.on("data", () => log.info({ event: "quiet" }, "not to be seen at warn")).resume();
  `;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program], {
    stdio: ["pipe", "ignore", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  let text = "";
  child.stderr.on("data", (chunk) => {
    text += chunk;
  });
  const lines = () =>
    text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  const levels = () => lines().flatMap(({ event, to }) => (event === "log-level" ? [to] : []));
  await until(() => lines().length > 0, { what: "the part to be ready", withinMs: 15_000 });
  child.kill("SIGUSR2");
  await until(() => levels().length === 1);
  child.stdin.write("at warn\n");
  for (const count of [2, 3]) {
    child.kill("SIGUSR2");
    await until(() => levels().length === count);
  }
  assert.deepEqual(levels(), ["warn", "error", "info"]);
  child.stdin.write("at info\n");
  await until(() => lines().some(({ event }) => event === "quiet"));
});
