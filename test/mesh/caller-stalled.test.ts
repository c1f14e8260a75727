import assert from "node:assert/strict";
import { test } from "node:test";
import { ask } from "../support/ask.ts";
import { testBroker } from "../support/broker.ts";
import { handledApp, testSidecar } from "../support/mesh.ts";
import { natsServers } from "../support/servers.ts";
import { sidecarProcess } from "../support/sidecar-process.ts";
import { until } from "../support/until.ts";

test("a caller's sidecar that stood still takes the answer that came meanwhile, though its deadline is past", async (t) => {
  const broker = await testBroker(t, { server: natsServers()[0]! });
  const app = await handledApp(t);
  await testSidecar(broker, "orders", { app });
  const shop = await sidecarProcess(broker, "shop");
  const timeoutMs = 2000;
  const began = performance.now();
  const asked = ask(shop.listen, "orders.mesh", "/", { headers: { "weft-timeout": `${timeoutMs}ms` } });
  const { response } = await app.next();
  shop.freeze();
  response.end("in time");
  // Far enough beyond for the timer to be up before anything else.
  await until(() => performance.now() - began > timeoutMs + 500);
  shop.goOn();
  const { status, text } = await asked;
  assert.deepEqual([status, text], [200, "in time"]);
});
