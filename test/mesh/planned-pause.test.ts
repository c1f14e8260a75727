import assert from "node:assert/strict";
import { test } from "node:test";
import { pack } from "../../src/registry/frame.ts";
import { registry as subjects } from "../../src/subjects/subjects.ts";
import { ask } from "../support/ask.ts";
import { testBroker } from "../support/broker.ts";
import { handledApp } from "../support/mesh.ts";
import { meshPair } from "../support/mesh-pair.ts";
import { until } from "../support/until.ts";

test("a planned restart of the broker holds new calls, and tells a call that takes too long why it was lost", async (t) => {
  const app = await handledApp(t);
  const { broker, shop, orders } = await meshPair(t, app);
  // Nobody has users here: the test has the word of the registry.
  const say = async (order: object) => {
    shop.bus.send(subjects.pauseEvent, pack({ id: 7, ...order }));
    await shop.bus.flush();
  };
  const long = ask(shop.listen, "orders.mesh", "/long");
  await app.next();
  await say({ holdMs: 10_000, drainMs: 4000 });
  await until(() => shop.said.some((line) => line.includes("new calls wait")));
  const held = Array.from({ length: 20 }, () =>
    ask(shop.listen, "v1.orders.mesh", "/held", { method: "POST", body: "x" }),
  );
  const impatient = await ask(shop.listen, "orders.mesh", "/", { headers: { "weft-timeout": "100ms" } });
  assert.equal(impatient.headers["weft-error"], "deadline");
  assert.match(impatient.text, /while the broker was restarted/);
  assert.equal(app.asked.length, 0);

  await broker.stop();
  const lost = await long;
  assert.deepEqual([lost.status, lost.headers["weft-error"]], [502, "broker-lost"]);
  assert.match(lost.text, /restarted as planned, and the call took longer/);
  await testBroker(t, { port: broker.port });
  await until(() => shop.readiness().ready && orders.readiness().ready);
  await orders.bus.flush();
  assert.equal(app.asked.length, 0, "it goes on when the registry says so, and not when one end is back");
  await say({ holdMs: 0, drainMs: 0 });
  for (const _ of held) (await app.next()).response.end("back");
  for (const { status, text } of await Promise.all(held)) assert.deepEqual([status, text], [200, "back"]);
});
