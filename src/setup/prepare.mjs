/*
 * Gets a checkout ready to run: dependencies, then the build. It imports nothing that is not in Node, because it runs
 * before anything is installed; when nothing is to be done it costs a few milliseconds.
 */
import { fileURLToPath, pathToFileURL } from "node:url";
import { install, needsInstall } from "./install.mjs";
import { nodeTooOld } from "./node-version.mjs";

const TOP = fileURLToPath(new URL("../..", import.meta.url));

/**
 * @param {(line: string) => void} say told what takes time
 * @returns {Promise<string | undefined>} what went wrong, and the cure
 */
export async function prepare(say) {
  const tooOld = nodeTooOld();
  if (tooOld) return tooOld;
  if (needsInstall(TOP)) {
    const problem = await install(TOP, say);
    if (problem) return problem;
  }
  const { build, needsBuild } = await import("./build.mjs");
  if (!needsBuild()) return undefined;
  const startedAt = performance.now();
  try {
    await build();
  } catch (error) {
    return `the build failed: ${error.message}\nmend what it names, or go back to what is committed, then run this again`;
  }
  say(`built in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  return undefined;
}

/** As a program: `node src/setup/prepare.mjs`. Progress goes to stderr. */
export async function prepareOrExit() {
  const problem = await prepare((line) => process.stderr.write(`weft: ${line}\n`));
  if (problem === undefined) return;
  process.stderr.write(`weft: ${problem}\n`);
  process.exit(1);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await prepareOrExit();
