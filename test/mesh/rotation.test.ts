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

const PER_SECOND = 500;
/** Of the 1024 that may wait for an answer, so that a machine that is busy otherwise does not fail calls by itself. */
const MOST_UNDER_WAY = 900;

/** Answers with the id in the path: one call in twenty takes its time, one in ten is answered by `stock`. */
const APP = `(q, r) => {
  const id = q.url.slice(1), n = Number(/\\d*$/.exec(id)[0]);
  const { hostname, port } = new URL(process.env.HTTP_PROXY);
  if (n % 20 === 7) setTimeout(() => r.end(id), 700);
  else if (n % 10 === 3 && process.env.WEFT_SERVICE !== "stock")
    require("node:http").get({ hostname, port, path: q.url, headers: { host: "stock.mesh" } },
      (a) => { r.statusCode = a.statusCode; a.pipe(r); });
  else r.end(id);
}`;

/** `weft up`, an instance of `orders` and one of `stock` with their apps, and a caller, each a process as a user has it. */
async function mesh(t: TestContext, server: TestServer) {
  const weft = new Weft({ WEFT_NATS_SERVER: server.path });
  t.after(() => weft.close());
  const up = await weft.start(["up", ...FREE_PORTS]);
  const [shop] = await Promise.all([
    weft.start(["sidecar", "shop", "--version", "1", "--listen", "0"]),
    ...["orders", "stock"].map((service) =>
      weft.start(["run", service, "--version", "1", "--port", "0", "--", ...app(APP)]),
    ),
  ]);
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
        const load = new Offered(t, [proxy], {
          ...{ perSecond: PER_SECOND, mostUnderWay: MOST_UNDER_WAY, method: () => "POST", prefix: kind },
        });
        const said = await rotateAndDie(weft.state, kind);
        const ends = await load.stop();
        const failed = ends.filter((end) => !isGood(end));
        const longest = Math.max(...ends.map(({ startedAt, endedAt }) => endedAt - startedAt));
        t.diagnostic(
          `${ends.length} calls, up to ${Math.round(longest)} ms: ${JSON.stringify(waysOf(ends))}`,
        );
        assert.ok(said.length >= 3, said.join("\n"));
        assert.ok(readRotation(weft.state)!.endedAt);
        assert.equal(readUp(weft.state)!.trust.problem, undefined, up.stderr());
        assert.ok(ends.length > PER_SECOND / 4, `${ends.length} calls`);
        assert.deepEqual(waysOf(failed), {}, failed[0]?.text);
      });
  });
