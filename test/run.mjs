/**
 * Runs the tests: all of them, or those whose path contains one of the words given (`npm test -- attack broker`).
 * A script, because `node --test` of Node 20 knows no patterns. Integration tests run against the oldest and the newest
 * nats-server that this machine has or can get; `WEFT_NATS_SERVERS` names others, separated like `PATH`.
 * Two files run at once, or `WEFT_TESTS_AT_ONCE`.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { pathToFileURL } from "node:url";

/** Hundreds of quick files: a process for each would take longer to start than to run. Each folder has one. */
const TOGETHER = ["access", "bearer", "control", "identity", "resources", "routing", "sidecar", "telemetry"];
/** What loads both cores by itself, and asserts that no call suffers. */
const ALONE = ["attack/flood", "demo/demo", "faults/", "mesh/resilience/rollout", "mesh/rotation"];

const atOnce = Number(process.env.WEFT_TESTS_AT_ONCE ?? 2);
const words = process.argv.slice(2);
const files = readdirSync("test", { recursive: true })
  .filter((file) => file.endsWith(".test.ts"))
  .filter((file) => words.length === 0 || words.some((word) => join("test", file).includes(word)))
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

const folder = mkdtempSync(join(tmpdir(), "weft-test-run-"));
const failures = join(folder, "failures");

/** @returns the failures, as text; empty when all is well */
function run(paths, concurrency) {
  if (paths.length === 0) return "";
  const options = ["--import", "tsx", "--test", `--test-concurrency=${concurrency}`, "--test-timeout=240000"];
  options.push("--test-reporter=spec", "--test-reporter-destination=stdout");
  options.push("--test-reporter=./test/support/failures.mjs", `--test-reporter-destination=${failures}`);
  const { status } = spawnSync(process.execPath, [...options, ...paths], { stdio: "inherit" });
  return readFileSync(failures, "utf8") || (status === 0 ? "" : `node --test ended with ${status}\n`);
}

/** One file that has in it all that is in `paths`. */
function together(name, paths) {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, paths.map((path) => `await import("${pathToFileURL(path)}");\n`).join(""));
  return file;
}

const isAlone = (file) => ALONE.some((start) => file.split(sep).join("/").startsWith(start));
const roomOf = (file) => TOGETHER.find((name) => file.startsWith(name + sep));
const pathsOf = (kept) => files.filter(kept).map((file) => join("test", file));
const rooms = TOGETHER.map((name) => [name, pathsOf((file) => roomOf(file) === name)])
  .filter(([, paths]) => paths.length > 0)
  .map(([name, paths]) => together(name, paths));
try {
  const failed =
    run([...rooms, ...pathsOf((file) => !isAlone(file) && roomOf(file) === undefined)], atOnce) +
    run(pathsOf(isAlone), 1);
  if (failed !== "") console.error(`\nfailed:\n${failed}`);
  process.exitCode = failed === "" ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}
