import assert from "node:assert/strict";
import { existsSync, readdirSync, statSync } from "node:fs";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fetchRelease } from "../../broker/fetch-release.ts";
import { locateServer } from "../../broker/locate.ts";
import {
  archiveStem,
  OFFICIAL_RELEASES,
  PINNED_CHECKSUMS,
  PINNED_VERSION,
  pinnedRelease,
} from "../../broker/release.ts";
import { stateFolder } from "../support/state.ts";
import { type Archive, archiveOf, release, releaseServer } from "./release-server.ts";

const VERSION = "2.12.3";
const impatient = { answerWithinMs: 2000, idleMs: 150 };

/** Serves one archive and, unless told otherwise, its right SHA256SUMS. */
async function setUp(t: TestContext, answer: (archive: Archive) => RequestListener, lines?: string) {
  const folder = stateFolder(t);
  const archive = archiveOf(folder, VERSION, lines);
  const cacheDir = join(folder, "cache");
  const baseUrl = await releaseServer(t, (request, response) => {
    if (request.url === `/v${VERSION}/SHA256SUMS`)
      return response.end(`${"0".repeat(64)}  another.zip\n${archive.sha256}  ${archive.name}\n`);
    if (request.url === `/v${VERSION}/${archive.name}`) return answer(archive)(request, response);
    response.statusCode = 404;
    response.end();
  });
  const said: string[] = [];
  const get = (checksums = {}) =>
    fetchRelease(release(baseUrl, VERSION, checksums), {
      env: process.env,
      cacheDir,
      patience: impatient,
      onProgress: (line) => said.push(line),
    });
  /** After a failure the cache must be as if nothing had been tried. */
  const nothingLeft = () => assert.deepEqual(readdirSync(join(cacheDir, "nats-server")), []);
  return { archive, baseUrl, cacheDir, get, said, nothingLeft };
}

const whole =
  ({ bytes }: Archive): RequestListener =>
  (_request, response) => {
    response.setHeader("content-length", bytes.length);
    response.end(bytes);
  };

test("a release is fetched, checked, unpacked and found again in the cache", async (t) => {
  const { get, said, cacheDir, baseUrl } = await setUp(t, whole);
  const { path, version } = await get();
  assert.equal(version, VERSION);
  assert.equal(statSync(path).mode & 0o777, 0o755);
  assert.deepEqual(readdirSync(join(cacheDir, "nats-server")), [VERSION]);
  assert.match(said[0]!, /^fetching http:.*2\.12\.3/);
  assert.match(said.at(-1)!, /100 % of \d+\.\d MB/);

  const env = { PATH: "", WEFT_NATS_DOWNLOAD: `${baseUrl}/not-asked` };
  const again = await locateServer({ env, cacheDir, pathDirs: [] });
  assert.deepEqual(again, { path, version, from: "cache" });
});

test("locating downloads when nothing else is there", async (t) => {
  const { cacheDir, baseUrl } = await setUp(t, whole);
  const env = { ...process.env, WEFT_NATS_SERVER: undefined };
  const found = await locateServer({ env, cacheDir, pathDirs: [], release: release(baseUrl, VERSION) });
  assert.equal(found.from, "download");
  assert.equal(existsSync(found.path), true);
});

test("an archive that is not what its published checksum says is not installed", async (t) => {
  const { get, nothingLeft } = await setUp(t, ({ bytes }) => (_request, response) => {
    const corrupt = Buffer.from(bytes);
    corrupt[100]! ^= 1;
    response.end(corrupt);
  });
  await assert.rejects(get(), {
    name: "DownloadError",
    message: /its SHA-256 is [0-9a-f]{64}, not [0-9a-f]{64}/,
  });
  nothingLeft();
});

test("a checksum pinned in the source is believed, not the one beside the archive", async (t) => {
  const { get, archive, nothingLeft } = await setUp(t, whole);
  await assert.rejects(get({ [archive.name]: "f".repeat(64) }), /not f{64}: not installed/);
  nothingLeft();
});

test("an archive that is cut off is not installed", async (t) => {
  const { get, nothingLeft } = await setUp(t, ({ bytes }) => (_request, response) => {
    response.setHeader("content-length", bytes.length);
    response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy());
  });
  await assert.rejects(get(), { name: "DownloadError", message: /nats-server-v2\.12\.3/ });
  nothingLeft();
});

test("a release that is not there is said to be so", async (t) => {
  const { get, nothingLeft } = await setUp(t, () => (_request, response) => {
    response.statusCode = 404;
    response.end();
  });
  await assert.rejects(get(), /the server answered 404/);
  nothingLeft();
});

test("a server that stops in the middle and says no more is given up", async (t) => {
  const { get, nothingLeft } = await setUp(t, ({ bytes }) => (_request, response) => {
    response.setHeader("content-length", bytes.length);
    response.write(bytes.subarray(0, 100));
  });
  await assert.rejects(get(), /silent for 150 ms/);
  nothingLeft();
});

test("a server that never answers is given up", async (t) => {
  const folder = stateFolder(t);
  const baseUrl = await releaseServer(t, () => {});
  const options = {
    env: process.env,
    cacheDir: join(folder, "cache"),
    onProgress: () => {},
    patience: { answerWithinMs: 100, idleMs: 100 },
  };
  await assert.rejects(
    fetchRelease(release(baseUrl, VERSION), options),
    /SHA256SUMS: no answer within 100 ms/,
  );
});

test("a release that turns out too old or broken is not installed", async (t) => {
  const old = await setUp(t, whole, "echo nats-server: v2.8.0");
  await assert.rejects(old.get(), /version 2\.8\.0: Weft needs/);
  old.nothingLeft();
});

test("plain HTTP is only for this machine", async (t) => {
  const folder = stateFolder(t);
  const options = { env: process.env, cacheDir: join(folder, "cache"), onProgress: () => {} };
  await assert.rejects(
    fetchRelease(release("http://nats.example", VERSION), options),
    /only https:\/\/ is allowed/,
  );
});

test("the pinned release comes over HTTPS, and its checksums are for archives of that version", () => {
  assert.equal(pinnedRelease().baseUrl, OFFICIAL_RELEASES);
  assert.equal(new URL(OFFICIAL_RELEASES).protocol, "https:");
  assert.equal(pinnedRelease("https://mirror.example/nats/").baseUrl, "https://mirror.example/nats");
  for (const [name, sum] of Object.entries(PINNED_CHECKSUMS)) {
    assert.match(name, new RegExp(`^nats-server-v${PINNED_VERSION}-[a-z]+-\\w+\\.(tar\\.gz|zip)$`));
    assert.match(sum, /^[0-9a-f]{64}$/);
  }
  for (const [platform, arch] of [
    ["linux", "x64"],
    ["darwin", "arm64"],
    ["linux", "arm64"],
  ] as const)
    assert.ok(PINNED_CHECKSUMS[`${archiveStem(PINNED_VERSION, platform, arch)}.tar.gz`]);
});
