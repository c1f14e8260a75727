import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { runningMesh } from "../../src/cli/rotate/running-mesh.ts";
import { readUp } from "../../src/cli/up/record.ts";
import { type RotationKind, readRotation } from "../../src/identity/trust/rotation/record.ts";
import { rotate } from "../../src/identity/trust/rotation/rotate.ts";
import { app, FREE_PORTS, proxyOf, Weft } from "../cli/weft.ts";
import { natsServers, type TestServer } from "../support/servers.ts";
import { isGood, Offered, waysOf } from "./resilience/offered.ts";

/** While the only broker restarts, calls wait: at most a thousand for one caller, so fewer are made then. */
const PER_SECOND = { ca: 500, "signing-key": 500, operator: 100 } as const;

/** For a restart of the only broker: calls wait for it, and then for an instance. */
const PATIENT = JSON.stringify({
  apiVersion: "weft.dev/v1",
  kind: "ServicePolicy",
  metadata: { name: "orders" },
  spec: {
    retry: {},
    park: { maxWait: "10s", maxCalls: 10_000 },
  },
});

/** `weft up`, an instance of `orders` with its app, and a caller, each a process as a user has it. */
async function mesh(t: TestContext, server: TestServer) {
  const weft = new Weft({ WEFT_NATS_SERVER: server.path });
  t.after(() => weft.close());
  const up = await weft.start(["up", ...FREE_PORTS]);
  const echoId = app("(q, r) => r.end(q.url.slice(1))");
  const [shop] = await Promise.all([
    weft.start(["sidecar", "shop", "--version", "1", "--listen", "0", "--broker-wait", "10s"]),
    weft.start(["run", "orders", "--version", "1", "--port", "0", "--", ...echoId]),
  ]);
  assert.equal((await weft.run(["apply", "-f", "-"], PATIENT)).code, 0);
  return { weft, up, proxy: proxyOf(shop.ready) };
}

class Killed extends Error {}

/** Runs a rotation that dies whenever it has said something new, and is run again. @returns what it said */
async function rotateAndDie(state: string, kind: RotationKind): Promise<string[]> {
  const said: string[] = [];
  const options = {
    ...{
      stateDir: state,
      now: Date.now,
      pause: delay,
      alone: (change: () => Promise<void>) => change(),
      mesh: runningMesh(state, 200),
    },
    ...{ patienceMs: 30_000, leaveBehind: false, brokersDone: false },
    tell(line: string) {
      if (said.includes(line)) return;
      said.push(line);
      throw new Killed(line);
    },
  };
  for (let runs = 0; runs < 50; runs++)
    try {
      await rotate(kind, options);
      return said;
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  throw new Error(`it came to no end: ${said.join("; ")}`);
}

for (const server of natsServers())
  test(`nats-server ${server.label}: everything that the mesh hangs on is replaced under load, by a rotation that dies again and again`, async (t) => {
    const { weft, up, proxy } = await mesh(t, server);
    for (const kind of ["ca", "signing-key", "operator"] as const)
      await t.test(kind, async (t) => {
        // A POST is not tried again once an app may have seen it: so a lost one shows.
        const method = () => (kind === "operator" ? "GET" : "POST");
        const load = new Offered(t, [proxy], { perSecond: PER_SECOND[kind], method, prefix: kind });
        const said = await rotateAndDie(weft.state, kind);
        const ends = await load.stop();
        const failed = ends.filter((end) => !isGood(end));
        t.diagnostic(`${ends.length} calls: ${JSON.stringify(waysOf(ends))}`);
        assert.ok(said.length >= 3, said.join("\n"));
        assert.ok(readRotation(weft.state)!.endedAt);
        assert.equal(readUp(weft.state)!.trust.problem, undefined, up.stderr());
        assert.ok(ends.length > PER_SECOND[kind] / 4, `${ends.length} calls`);
        if (kind !== "operator") assert.deepEqual(waysOf(failed), {}, failed[0]?.text);
        // Only what was under way when the only broker ended is lost; what came later has waited for it.
        const cutAt = Math.min(...failed.map(({ endedAt }) => endedAt));
        const later = failed.filter(
          ({ startedAt, code }) => startedAt > cutAt || !code?.startsWith("broker-"),
        );
        assert.deepEqual(waysOf(later), {}, later[0]?.text);
      });
  });
