import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { connectBus } from "../../src/bus/nats-bus.ts";
import { ask } from "../support/ask.ts";
import { testBroker } from "../support/broker.ts";
import { Drain, start } from "../support/flow.ts";
import { handledApp, testSidecar } from "../support/mesh.ts";
import { openCredentials } from "../support/open-credentials.ts";
import { relayTo } from "../support/relay.ts";
import { until } from "../support/until.ts";

/** A caller and a callee, of which `cutEnd` reaches the broker over a way that can be cut. */
async function cuttable(t: TestContext, cutEnd: "shop" | "orders") {
  const broker = await testBroker(t);
  const relay = await relayTo(t, broker.port);
  const app = await handledApp(t);
  const bus = await connectBus(openCredentials(relay.url), cutEnd);
  const shop = await testSidecar(broker, "shop", cutEnd === "shop" ? { bus } : {});
  const orders = await testSidecar(broker, "orders", { app, ...(cutEnd === "orders" ? { bus } : {}) });
  return { app, shop, orders, cut: relay.cut };
}

/** A call whose receipt is here: what was written second is sent only then. */
async function confirmed(t: TestContext, { app, shop }: Awaited<ReturnType<typeof cuttable>>) {
  const { sent, answer } = start(t, shop.listen, "PUT");
  sent.write("one");
  const { request, response } = await app.next();
  const upload = new Drain(request);
  sent.write("two");
  await until(() => upload.read === 6);
  return { sent, answer, upload, response };
}

/** An upload, a call whose request is complete, and a download, all confirmed by the instance. */
async function underWay(t: TestContext, mesh: Awaited<ReturnType<typeof cuttable>>) {
  const up = await confirmed(t, mesh);
  const waiting = await confirmed(t, mesh);
  waiting.sent.end();
  await until(() => waiting.upload.ended);
  const down = await confirmed(t, mesh);
  down.response.write("begun");
  const download = new Drain(await down.answer);
  const atApp = [up.response, waiting.response, down.response];
  return { up: up.answer, waiting: waiting.answer, download, atApp };
}

const GOES_ON = 8000;

test("a caller that alone loses the broker fails its calls at once, and the app hears of it when it is back", async (t) => {
  const mesh = await cuttable(t, "shop");
  const { up, download, waiting, atApp } = await underWay(t, mesh);
  mesh.cut();
  assert.equal((await up).headers["weft-error"], "broker-lost");
  assert.equal((await waiting).headers["weft-error"], "broker-lost");
  await until(() => download.broken);
  await until(() => mesh.shop.bus.state.kind === "connected");
  for (const response of atApp)
    await until(() => response.closed, { withinMs: 1000, what: "the app to hear of it" });

  const again = ask(mesh.shop.listen, "orders.mesh");
  (await mesh.app.next()).response.end("again");
  assert.equal((await again).text, "again");
});

test("an instance that alone loses the broker gives up its calls, and their callers hear of it when it is back", async (t) => {
  const mesh = await cuttable(t, "orders");
  const { up, download, waiting, atApp } = await underWay(t, mesh);
  mesh.cut();
  for (const response of atApp)
    await until(() => response.closed, { withinMs: 1000, what: "the app to be spared" });
  await until(() => download.broken, { withinMs: GOES_ON });
  const codes = [(await up).headers["weft-error"], (await waiting).headers["weft-error"]];
  for (const code of codes) assert.ok(code === "broker-lost" || code === "gone", String(code));

  await until(() => mesh.orders.readiness().ready);
  await mesh.orders.bus.flush();
  const again = ask(mesh.shop.listen, "orders.mesh");
  (await mesh.app.next()).response.end("again");
  assert.equal((await again).text, "again");
});
