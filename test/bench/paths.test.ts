import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { measure } from "../../bench/measure.ts";
import { startBareNats } from "../../bench/paths/bare-nats.ts";
import { startDirect } from "../../bench/paths/direct.ts";
import { startEnvoyPair } from "../../bench/paths/envoy.ts";
import { startFloor } from "../../bench/paths/floor.ts";
import { startHaproxyPair } from "../../bench/paths/haproxy.ts";
import { startRoutedMesh } from "../../bench/paths/mesh.ts";
import { startNginxPair } from "../../bench/paths/nginx.ts";
import { isSkipped, type StartPath } from "../../bench/paths/path.ts";
import type { Scenario } from "../../bench/scenario.ts";
import { STREAM_PATH, startUpstream } from "../../bench/upstream/upstream.ts";
import { PROGRAM } from "../support/program.ts";
import { removeFolder } from "../support/state.ts";

const weft = [process.execPath, PROGRAM];
const self = [...weft, "bench"];

async function surroundings(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "weft-test-bench-"));
  const upstream = await startUpstream(self, folder, [1024]);
  t.after(async () => {
    await upstream.stop();
    removeFolder(folder);
  });
  return { self, weft, folder, upstream };
}

test("the app takes an upload in full before it answers, and answers with as many bytes as asked", async (t) => {
  const { upstream } = await surroundings(t);
  const ask = (bytes: number, body: Buffer): Promise<number> =>
    new Promise((resolve, reject) => {
      const call = request(
        { port: upstream.port, path: `${STREAM_PATH}?${bytes}`, method: "POST" },
        async (response) => resolve(Buffer.concat(await response.toArray()).length),
      );
      call.once("error", reject);
      call.end(body);
    });
  assert.equal(await ask(300_000, Buffer.alloc(0)), 300_000);
  assert.equal(await ask(0, Buffer.alloc(5_000_000)), 0);
});

const PATHS: Record<string, StartPath> = {
  direct: startDirect,
  "bare NATS": startBareNats,
  "the floor": startFloor,
  "the mesh with a route": startRoutedMesh,
  "a pair of HAProxy": startHaproxyPair,
  "a pair of nginx": startNginxPair,
  "a pair of Envoy": startEnvoyPair,
};
const SCENARIO: Scenario = { load: { kind: "open", connections: 8, ratePerS: 200 }, bodyBytes: 1024 };

for (const [name, start] of Object.entries(PATHS))
  test(`every request gets through ${name}, and its processes are watched`, async (t) => {
    const around = await surroundings(t);
    const path = await start(around);
    if (isSkipped(path)) return t.skip(path.reason);
    t.after(path.stop);
    const one = await measure(path, around.upstream.process, SCENARIO, 1, { warmupS: 0.1, measureS: 0.3 });
    assert.equal(one.requests, 60);
    assert.equal(one.errors, 0);
    const roles = [...path.processes, around.upstream.process].map(({ role }) => role);
    if (process.platform === "linux") assert.deepEqual(Object.keys(one.rssMiB), roles);
  });
