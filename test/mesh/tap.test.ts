import assert from "node:assert/strict";
import { test } from "node:test";
import { connectBus } from "../../src/bus/nats-bus.ts";
import { readReport, type TappedCall } from "../../src/control/tap/wire.ts";
import { registry } from "../../src/subjects/subjects.ts";
import { ask } from "../support/ask.ts";
import { openCredentials } from "../support/open-credentials.ts";
import { routedMesh } from "../support/routed-mesh.ts";
import { until } from "../support/until.ts";

const ID = "0123456789abcdef01234567";

test("a tap shows the calls of a service as they are made, and the registry starts it for the admin alone", async (t) => {
  const { registry: http, broker, adminToken, echo, caller } = await routedMesh(t);
  await echo("orders");
  const shop = await caller("shop");
  await ask(shop.listen, "orders.mesh", "/before");
  const ear = await connectBus(openCredentials(broker.url), "ear");
  t.after(() => ear.close());
  const calls: TappedCall[] = [];
  ear.subscribe(registry.everyTapped(ID, "orders"), undefined, ({ data }) => {
    calls.push(...(readReport(data)?.calls ?? []));
  });
  await ear.flush();
  const put = async (token: string, change: object = {}) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const body = { service: "orders", where: "path ~ /cart/*", bodyBytes: 100, holdMs: 15_000, ...change };
    const request = { method: "PUT", headers, body: JSON.stringify(body) };
    return fetch(`${http.url}/v1/taps/${ID}`, request);
  };
  assert.equal((await put("guessed")).status, 401);
  const wrong = await put(adminToken, { where: "size > 3" });
  assert.equal(wrong.status, 400);
  assert.match(await wrong.text(), /there should be a field/);
  assert.equal((await put(adminToken, { holdMs: 60_000 })).status, 400);
  assert.equal((await put(adminToken)).status, 200);
  await until(
    async () => {
      await ask(shop.listen, "orders.mesh", "/other");
      await ask(shop.listen, "orders.mesh", "/cart/7", { headers: { cookie: "sid=secret" } });
      return calls.length > 0;
    },
    { what: "a tapped call" },
  );
  const { caller: by, path, status, response, request } = calls[0]!;
  assert.deepEqual([by, path, status], ["shop", "/cart/7", 200]);
  assert.ok(calls.every((call) => call.path === "/cart/7"));
  assert.match(response.body!.text, /"service":\s?"orders"/);
  assert.deepEqual(
    request.headers.filter(([name]) => name.toLowerCase() === "cookie").map(([, value]) => value),
    ["[redacted]"],
  );
  assert.equal((await put(adminToken, { holdMs: 0 })).status, 200);
});
