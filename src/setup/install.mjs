import { spawn } from "node:child_process";
import { join } from "node:path";
import { changedAt } from "./freshness.mjs";

/** npm writes this file last, so it also tells of an installation that was broken off. */
const installedMark = (top) => join(top, "node_modules", ".package-lock.json");

export const needsInstall = (top) =>
  changedAt(installedMark(top)) < changedAt(join(top, "package-lock.json"));

/**
 * Installs the dependencies exactly as package-lock.json names them.
 * @param {string} top the checkout's folder
 * @param {(line: string) => void} say
 * @returns {Promise<string | undefined>} what went wrong, and the cure
 */
export async function install(top, say) {
  const startedAt = performance.now();
  say("installing dependencies (npm ci) …");
  const { code, said } = await npm(top, [
    "ci",
    "--include=dev",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ]);
  if (code === 0) {
    say(`dependencies installed in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
    return undefined;
  }
  return `the dependencies could not be installed (npm ci ended with ${code}):\n${firstWords(said)}\n${cure(said)}`;
}

function npm(cwd, args) {
  // Below npm or npx, the very npm that runs; else the one on PATH, which is a script on Windows.
  const below = /^(.*[\\/])np[mx]-cli\.js$/.exec(process.env.npm_execpath ?? "")?.[1];
  const own = below && `${below}npm-cli.js`;
  const windows = process.platform === "win32";
  const child = own
    ? spawn(process.execPath, [own, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] })
    : spawn(windows ? "npm.cmd" : "npm", args, { cwd, stdio: ["ignore", "pipe", "pipe"], shell: windows });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text) => {
      said = (said + text).slice(-16_384);
    });
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ code: -1, said: error.message }));
    child.once("close", (code) => resolve({ code, said }));
  });
}

/** npm says what is wrong first, and how it is used after it. */
const firstWords = (text) =>
  text
    .split("\n")
    .filter((line) => line.replace("npm error", "").trim() !== "" && !line.startsWith("npm warn"))
    .slice(0, 5)
    .map((line) => `  ${line}`)
    .join("\n");

function cure(said) {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network/i.test(said))
    return "this machine does not reach the package registry: go online, or set npm's registry or proxy (npm config set proxy …), then run this again";
  if (/ENOSPC/.test(said)) return "the disk is full: make room, then run this again";
  if (/EACCES|EPERM/.test(said))
    return "a file belongs to somebody else: remove node_modules, then run this again";
  if (/in sync/.test(said))
    return "package.json and package-lock.json do not fit: git checkout -- package-lock.json, or npm install after a change of package.json";
  if (/ENOENT.*npm/.test(said)) return "npm was not found: it comes with Node, see https://nodejs.org";
  return "run npm ci yourself to see all it says";
}
