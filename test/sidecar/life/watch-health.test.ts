import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { httpCheck, tcpCheck } from "../../../sidecar/life/health.ts";
import { watchHealth } from "../../../sidecar/life/watch-health.ts";
import { FakeClock } from "../../support/fake-clock.ts";

test("an app is up at its first good answer, down after three bad ones in a row, and up again at the next good one", async () => {
  const clock = new FakeClock();
  const changes: string[] = [];
  let problem: string | undefined = "nothing there";
  const watch = watchHealth(
    async () => problem,
    clock,
    (up, reason) => changes.push(up ? "up" : `down: ${reason}`),
  );
  await clock.run(1000, 10);
  assert.deepEqual(changes, []);
  assert.equal(watch.problem(), "nothing there");
  problem = undefined;
  await clock.run(100, 10);
  assert.deepEqual(changes, ["up"]);
  problem = "it answers 500";
  await clock.run(2000 + 250, 10);
  assert.deepEqual(changes, ["up"]);
  await clock.run(250, 10);
  assert.deepEqual(changes, ["up", "down: it answers 500"]);
  problem = undefined;
  await clock.run(250, 10);
  assert.deepEqual(changes.at(-1), "up");
  watch.stop();
  problem = "gone";
  await clock.run(60_000, 50);
  assert.equal(changes.length, 3);
});

test("one bad answer between good ones changes nothing", async () => {
  const clock = new FakeClock();
  let changes = 0;
  let looks = 0;
  watchHealth(
    async () => (looks++ % 2 === 0 ? undefined : "hiccup"),
    clock,
    () => changes++,
  );
  await clock.run(60_000, 50);
  assert.equal(changes, 1);
});

test("checks tell a listening app from none, and an HTTP check reads the status", async (t) => {
  let status = 200;
  const server = createServer((_, response) => response.writeHead(status).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const app = { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
  assert.equal(await tcpCheck(app)(), undefined);
  assert.equal(await httpCheck(app, "/health")(), undefined);
  status = 503;
  assert.equal(await httpCheck(app, "/health")(), "GET /health answers 503");
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  assert.match((await tcpCheck(app)()) ?? "", /^nothing accepts at 127\.0\.0\.1:/);
  assert.match((await httpCheck(app, "/health")()) ?? "", /ECONNREFUSED/);
});
