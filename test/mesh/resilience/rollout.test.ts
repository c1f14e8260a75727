import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { policy, type RoutedMesh, routedMesh } from "../../support/routed-mesh.ts";
import { natsServers } from "../../support/servers.ts";
import { sidecarProcess } from "../../support/sidecar-process.ts";
import { until } from "../../support/until.ts";
import { isGood, Offered, waysOf } from "./offered.ts";
import { timesSeen, type WorkingApp, workingApp } from "./working-app.ts";

const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];
const IDEMPOTENT = new Set(["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]);

/** An app with its sidecar, as one unit of a deployment. */
interface Unit {
  /** As `weft run` does at SIGTERM: the sidecar leaves, and the app is ended when it has no more calls. */
  stop(): Promise<void>;
}

/** One call in twenty is slow, the others are not. */
async function anApp(t: TestContext, apps: WorkingApp[]): Promise<WorkingApp> {
  let i = 0;
  const app = await workingApp(t, () => (++i % 20 === 0 ? 200 + ((i * 7) % 500) : i % 4));
  apps.push(app);
  return app;
}

/**
 * Starts three units, offers calls while each is replaced by a new one in its turn, and holds all to the promise: every
 * call is answered, and the apps have seen each once. The caller and the apps each write down every id.
 */
async function rollOut(
  t: TestContext,
  mesh: RoutedMesh,
  { perSecond, isRetried = false }: { perSecond: number; isRetried?: boolean },
  startUnit: (app: WorkingApp, i: number) => Promise<Unit>,
): Promise<void> {
  const apps: WorkingApp[] = [];
  let started = 0;
  const startNext = async () => startUnit(await anApp(t, apps), started++);
  const units = await Promise.all([startNext(), startNext(), startNext()]);
  const callers = [await mesh.caller("shop"), await mesh.caller("portal")];
  const listens = callers.map(({ listen }) => listen);
  const startedAt = performance.now();
  const offered = new Offered(t, listens, { perSecond, method: (i) => METHODS[i % METHODS.length]! });
  const someMore = async () => {
    const before = offered.ends.length;
    await until(() => offered.ends.length > before + perSecond / 4, { withinMs: 10_000 });
  };
  for (const unit of units) {
    await someMore();
    await unit.stop();
    await startNext();
  }
  await someMore();
  const seconds = (performance.now() - startedAt) / 1000;
  const ends = await offered.stop();
  const slow = ends.filter((end) => end.endedAt - end.startedAt > 200).length;
  t.diagnostic(
    `${ends.length} calls in ${seconds.toFixed(1)} s (${Math.round(ends.length / seconds)}/s), ${slow} of them slow: ${JSON.stringify(waysOf(ends))}`,
  );
  assert.equal(ends.length, offered.count);
  assert.deepEqual(waysOf(ends.filter((end) => !isGood(end))), {}, "of those that failed");
  assert.ok(ends.length / seconds >= 200, "a rate that means something");
  assert.ok(slow > 20);
  const times = timesSeen(apps);
  assert.equal(times.size, ends.length);
  const methodOf = new Map(ends.map(({ id, method }) => [id, method]));
  // Only what is safe to repeat may have been tried again after an app saw it.
  for (const [id, count] of times) {
    const mayBeRepeated = isRetried && IDEMPOTENT.has(methodOf.get(id)!);
    assert.ok(count === 1 || mayBeRepeated, `${methodOf.get(id)} ${id} was seen ${count} times`);
  }
  for (const app of apps) assert.ok(app.seen.size > 0, "each had its part");
}

/** Sidecars in this process, one for each app. */
const unitsHere = (mesh: RoutedMesh) => async (app: WorkingApp) => {
  const sidecar = await mesh.serve("orders", app);
  return {
    async stop() {
      await sidecar.leave(10_000);
      await sidecar.close(0);
      await app.stop();
    },
  };
};

for (const server of natsServers())
  test(`nats-server ${server.label}: three instances are replaced one after the other under 500 calls a second, and none fails or is seen twice`, async (t) => {
    const mesh = await routedMesh(t, { server });
    await rollOut(t, mesh, { perSecond: 500 }, unitsHere(mesh));
  });

test("with retries, limits and parking a rollout fails no call either, and repeats only what is safe to repeat", async (t) => {
  const mesh = await routedMesh(t);
  const first = await unitsHere(mesh)(await workingApp(t));
  const retry = { attempts: 2, codes: [502, 503] };
  await mesh.apply(
    policy("orders", {
      retry,
      limits: { maxConcurrency: 100 },
      park: {},
      balance: { policy: "round-robin" },
    }),
  );
  await first.stop();
  await rollOut(t, mesh, { perSecond: 400, isRetried: true }, unitsHere(mesh));
});

test("three sidecars in processes of their own are replaced with their apps under 500 calls a second, and none fails or is seen twice", async (t) => {
  const mesh = await routedMesh(t);
  await rollOut(t, mesh, { perSecond: 500 }, async (app, i) => {
    const sidecar = await sidecarProcess(mesh.broker, "orders", app.port, `unit-${i}`);
    return {
      async stop() {
        await sidecar.stop();
        await app.stop();
      },
    };
  });
});
