import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gatherServers } from "../../broker/gather.ts";
import { locateServer } from "../../broker/locate.ts";
import { machineMeans } from "../../broker/machine.ts";
import { PINNED_VERSION } from "../../broker/release.ts";
import { stateFolder } from "../support/state.ts";
import { closedPort } from "./release-server.ts";
import { script } from "./scripted-server.ts";

/** Stand-ins for the machine's tools: they do what a test says, and note how they were called. */
async function machine(folder: string, tools: Record<string, string>) {
  const bin = join(folder, "bin");
  for (const [name, lines] of Object.entries(tools)) script(join(bin, name), lines);
  return {
    env: { PATH: `${bin}:/usr/bin:/bin`, WEFT_NATS_DOWNLOAD: `http://127.0.0.1:${await closedPort()}` },
    toolsEnv: { PATH: bin },
    cacheDir: join(folder, "cache"),
    pathDirs: [],
  };
}

/** Writes a nats-server that says it is `version`, as the last step of a stand-in for an installer. */
const make = (path: string, version: string): string =>
  `mkdir -p "$(dirname ${path})" && printf '#!/bin/sh\\necho nats-server: v${version}\\n' > ${path}`;

const APT = `case "$*" in *download*) touch nats-server_2.9.10_amd64.deb;; esac`;
const DPKG = make("$3/usr/sbin/nats-server", "2.9.10");
const GO = `case $1 in install) ${make("$GOBIN/nats-server", PINNED_VERSION)};; esac`;

test("a Go toolchain builds the pinned version into the cache", async (t) => {
  const set = await machine(stateFolder(t), { go: GO, "apt-get": "exit 1", "dpkg-deb": "exit 1" });
  const found = await locateServer(set);
  assert.equal(found.from, "go");
  assert.equal(found.version, PINNED_VERSION);
  assert.deepEqual(readdirSync(join(set.cacheDir, "nats-server")), [PINNED_VERSION]);
});

test("Debian's package is unpacked into the cache, not installed", async (t) => {
  const set = await machine(stateFolder(t), { go: "exit 1", "apt-get": APT, "dpkg-deb": DPKG });
  const found = await locateServer(set);
  assert.equal(found.from, "package manager");
  assert.equal(found.version, "2.9.10");
  assert.ok(found.path.startsWith(set.cacheDir));
});

test("without package lists, they are fetched to a place of our own first", async (t) => {
  const folder = stateFolder(t);
  const apt = `echo "$*" >> ${folder}/calls
case "$*" in *Lists*download*) ${APT};; *download*) echo Unable to locate package >&2; exit 100;; esac`;
  const set = await machine(folder, { go: "exit 1", "apt-get": apt, "dpkg-deb": DPKG });
  assert.equal((await locateServer(set)).version, "2.9.10");
});

test("when every means fails, each is named with its own words", async (t) => {
  const set = await machine(stateFolder(t), {
    go: "echo go: proxy out of reach >&2; exit 1",
    "apt-get": "echo E: Unable to fetch >&2; exit 100",
    "dpkg-deb": "exit 1",
  });
  await assert.rejects(
    locateServer(set),
    /- go: .*proxy out of reach\n {2}- package manager: .*E: Unable to fetch/,
  );
});

test("a system-wide package manager is used only where it asks no password", async (t) => {
  const set = await machine(stateFolder(t), { apk: "exit 0", pacman: "exit 0", brew: "exit 0" });
  const names = machineMeans(set.toolsEnv).map(({ name }) => name.split(" ")[0]);
  assert.deepEqual(names, process.getuid?.() === 0 ? ["apk", "pacman"] : ["brew"]);
});

test("gathering gets a new and an old server, and once they are there asks nobody", async (t) => {
  const folder = stateFolder(t);
  const set = await machine(folder, { go: GO, "apt-get": APT, "dpkg-deb": DPKG });
  const versions = (await gatherServers(set)).map(({ version }) => version);
  assert.deepEqual(versions, ["2.9.10", PINNED_VERSION]);
  for (const tool of ["go", "apt-get"]) script(join(folder, "bin", tool), "exit 1");
  assert.deepEqual(
    (await gatherServers(set)).map(({ version }) => version),
    versions,
  );
});
