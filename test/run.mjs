/**
 * Runs the tests: all of them, or those whose path contains one of the words given (`npm test -- attack broker`).
 * A script, because `node --test` of Node 20 knows no patterns. Integration tests run against the oldest and the newest
 * nats-server that this machine has or can get; `WEFT_NATS_SERVERS` names others, separated like `PATH`.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const words = process.argv.slice(2);
const files = readdirSync("test", { recursive: true })
  .map((file) => join("test", file))
  .filter(
    (file) => file.endsWith(".test.ts") && (words.length === 0 || words.some((word) => file.includes(word))),
  )
  .sort();
if (files.length === 0) {
  console.error(`no test file has ${words.join(" or ")} in its path`);
  process.exit(1);
}
if (!process.env.WEFT_NATS_SERVERS) {
  const script = ["--import", "tsx", "test/support/print-servers.ts"];
  const { stdout } = spawnSync(process.execPath, script, {
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
  });
  if (stdout.trim() !== "") process.env.WEFT_NATS_SERVERS = stdout.trim();
}
const options = ["--import", "tsx", "--test", "--test-concurrency=2", "--test-timeout=120000"];
if (process.stdout.isTTY) options.push("--test-reporter=spec");
const { status } = spawnSync(process.execPath, [...options, ...files], { stdio: "inherit" });
process.exit(status ?? 1);
