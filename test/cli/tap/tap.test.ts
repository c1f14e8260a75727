import assert from "node:assert/strict";
import { test } from "node:test";
import { whereOf } from "../../../src/cli/tap/asked.ts";
import { harOf } from "../../../src/cli/tap/har.ts";
import { Listener } from "../../../src/cli/tap/listener.ts";
import { lineOf } from "../../../src/cli/tap/rows.ts";
import type { TappedCall } from "../../../src/control/tap/wire.ts";

const call = (over: Partial<TappedCall> = {}): TappedCall => ({
  ...{ side: "server", service: "orders", instance: "o1", at: Date.UTC(2026, 0, 1), method: "GET" },
  ...{ path: "/cart/7", caller: "web", callee: "orders", attempts: [], status: 503, code: "", ms: 12.5 },
  ...{ version: "2", requestId: "id-1" },
  request: { headers: [["Host", "orders.mesh"]] },
  response: { headers: [["content-type", "text/plain"]], body: { text: "no\u001b[2J\nroom", bytes: 7 } },
  ...over,
});
const SUBJECT = "reg.tap.a1.orders.o1";

test("all that narrows a tap becomes one expression; a mistake is told with its place", () => {
  assert.equal(whereOf({}), "");
  assert.equal(whereOf({ where: "status >= 500" }), "status >= 500");
  assert.equal(
    whereOf({ from: "web", path: "/a b/*", where: "status==1 || status==2" }),
    "caller == web && path ~ '/a b/*' && (status==1 || status==2)",
  );
  assert.throws(() => whereOf({ from: "web", where: "size > 3" }), {
    name: "UsageFault",
    message: /at character 1, "size"/,
  });
  assert.throws(() => whereOf({ where: "status == 1) || (status == 2" }), { name: "UsageFault" });
});

test("only what the instance of the subject says of itself is shown, and no more than was asked for", () => {
  const listener = new Listener("orders", 2);
  const report = (over: object = {}) => ({
    instance: "o1",
    calls: [call()],
    matched: 5,
    dropped: 1,
    ...over,
  });
  assert.equal(listener.take(SUBJECT, report()).length, 1);
  assert.equal(listener.take(SUBJECT, report({ instance: "o2" })).length, 0);
  assert.equal(listener.take(SUBJECT, report({ calls: [call({ service: "billing" })] })).length, 0);
  assert.equal(listener.take(SUBJECT, undefined).length, 0);
  assert.equal(listener.take(SUBJECT, report({ calls: [call(), call()], matched: 7, dropped: 2 })).length, 1);
  assert.equal(listener.isFull, true);
  assert.equal(
    listener.summary(),
    "2 calls shown of 7, from 1 sidecar; 2 were above the rate of the tap (--rate, --where); 3 reports could not be read",
  );
});

test("a line says who called whom and how it went, and steers no terminal", () => {
  const line = lineOf(call({ code: "overloaded", marks: "queued", mirrored: true }), {});
  assert.match(
    line,
    /^00:00:00\.000 +GET +503 +13 ms +web -> orders +o1 +\/cart\/7 +overloaded +queued +mirrored +id=id-1$/m,
  );
  assert.ok(line.endsWith("\n  < no\\u{1b}[2J\n  < room"));
  const attempts = [1, 2].map((n) => ({ instance: `o${n}`, code: "", status: 200, ms: 1 }));
  const client = lineOf(call({ side: "client", service: "web", instance: "w1", attempts }), {});
  assert.match(client, /web -> orders v2 +o2 +\/cart\/7 +2 attempts/);
});

test("an archive has what HAR 1.2 demands, and no query", () => {
  // biome-ignore lint/suspicious/noExplicitAny: what a reader of the format sees
  const { log } = harOf([call()], "1") as { log: { version: string; entries: Record<string, any>[] } };
  assert.equal(log.version, "1.2");
  const { startedDateTime, request, response, timings, time } = log.entries[0]!;
  assert.equal(startedDateTime, "2026-01-01T00:00:00.000Z");
  assert.deepEqual([request.url, request.queryString], ["http://orders.mesh/cart/7", []]);
  for (const field of ["method", "httpVersion", "cookies", "headers", "headersSize", "bodySize"])
    assert.ok(field in request, field);
  for (const field of ["status", "statusText", "content", "redirectURL", "headersSize", "bodySize"])
    assert.ok(field in response, field);
  assert.deepEqual(response.content, { size: 7, mimeType: "text/plain", text: "no\u001b[2J\nroom" });
  assert.equal(timings.send + timings.wait + timings.receive, time);
});
