import assert from "node:assert/strict";
import { test } from "node:test";
import { wholeBody } from "../../../sidecar/stack/body.ts";
import { refused } from "../../../sidecar/stack/outcome.ts";
import { MAX_HOLD_MS } from "../../../src/control/tap/wire.ts";
import { answer, ID, tapScene } from "./scene.ts";

test("a tapped call is told as explain would, with its headers; the outcome is handed on as it is", async (t) => {
  const { order, call, told } = tapScene(t);
  await order();
  const outcome = answer({ headers: "Content-Type: text/plain\r\n", status: 503 });
  const headers = "Host: orders.mesh\r\nX-Request-Id: id-1\r\n";
  assert.equal(await call(outcome, { path: "/cart/7?q=1", headers }), outcome);
  const [report] = await told();
  assert.deepEqual([report!.instance, report!.matched, report!.dropped], ["o1", 1, 0]);
  const { side, service, caller, method, path, status, requestId, response, request } = report!.calls[0]!;
  assert.deepEqual(
    { side, service, caller, method, path, status, requestId },
    {
      ...{ side: "server", service: "orders", caller: "shop", method: "GET", path: "/cart/7" },
      ...{ status: 503, requestId: "id-1" },
    },
  );
  assert.deepEqual(request.headers.slice(0, 2), [
    ["Host", "orders.mesh"],
    ["X-Request-Id", "id-1"],
  ]);
  assert.deepEqual(response, { headers: [["Content-Type", "text/plain"]] });
});

test("only calls that are meant are told, those that the mesh ended too", async (t) => {
  const { order, call, told } = tapScene(t);
  await order({ where: "status >= 500 && caller == web && version == 2" });
  await call(answer(), { caller: "web" });
  await call(answer({ status: 500 }), { caller: "shop" });
  await call(refused("overloaded", "no place"), { caller: "web" });
  const [report] = await told();
  assert.deepEqual(
    report!.calls.map(({ caller, code, message }) => [caller, code, message]),
    [["web", "overloaded", "no place"]],
  );
  assert.equal(report!.matched, 1);
});

test("calls above the rate are dropped and counted, and the pace comes back with time", async (t) => {
  const { order, call, told, clock } = tapScene(t);
  await order({ rate: 10 });
  for (let i = 0; i < 25; i++) await call();
  const [first] = await told();
  assert.deepEqual([first!.calls.length, first!.matched, first!.dropped], [10, 25, 15]);
  await clock.run(1000);
  for (let i = 0; i < 25; i++) await call();
  const [second] = await told();
  assert.deepEqual([second!.calls.length, second!.matched, second!.dropped], [10, 50, 30]);
});

test("bytes have a limit too", async (t) => {
  const { order, call, told } = tapScene(t);
  await order({ rate: 1000, bodyBytes: 64 * 1024 });
  for (let i = 0; i < 40; i++) await call(answer({ body: wholeBody(Buffer.alloc(60_000, "x")) }));
  const reports = await told();
  const calls = reports.flatMap((report) => report!.calls).length;
  assert.ok(calls > 3 && calls < 12, `${calls} of 60 KB each`);
  assert.equal(reports.at(-1)!.dropped, 40 - calls);
});

test("what cannot be sent is dropped, and nothing waits for the broker", async (t) => {
  const { order, call, told, broker } = tapScene(t);
  await order({ rate: 1000 });
  broker.setAway(true);
  for (let i = 0; i < 600; i++) await call();
  assert.deepEqual(await told(), []);
  broker.setAway(false);
  await call();
  const reports = await told();
  assert.equal(reports.at(-1)!.matched, 601);
  assert.equal(reports.at(-1)!.dropped, 600);
});

test("a tap ends by itself unless it is asked for again, and at once when it is told to", async (t) => {
  const { order, clock, open } = tapScene(t);
  assert.equal(open(), 0);
  await order();
  clock.advance(MAX_HOLD_MS - 1);
  await order();
  clock.advance(MAX_HOLD_MS - 1);
  assert.equal(open(), 1);
  clock.advance(1);
  assert.equal(open(), 0);
  await order();
  await order({ holdMs: 0 });
  assert.equal(open(), 0);
});

test("orders for others, for the other side, of too many, or that mean nothing, change nothing", async (t) => {
  const { order, call, told, open } = tapScene(t);
  await order({ service: "billing" });
  await order({ where: "size > 3" });
  await order({ rate: 1e9 });
  await order({ holdMs: 1e9 });
  assert.equal(open(), 0);
  for (let n = 0; n < 6; n++) await order({ id: String(n).repeat(24), side: "client" });
  assert.equal(open(), 4);
  await order({ id: ID });
  await call();
  assert.deepEqual(await told(), []);
});
