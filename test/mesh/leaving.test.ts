import assert from "node:assert/strict";
import { test } from "node:test";
import { Drain, hashOf, Source, start } from "../support/flow.ts";
import { handledApp } from "../support/mesh.ts";
import { meshPair } from "../support/mesh-pair.ts";
import { until } from "../support/until.ts";
import { lines, wireApp, wireTo } from "../support/wire.ts";

const AT_ONCE = { withinMs: 1000, what: "the other end to hear of it at once" };

test("a caller that leaves before the answer cancels the app's request at once", async (t) => {
  const app = await handledApp(t);
  const { shop } = await meshPair(t, app);
  for (const method of ["GET", "POST"]) {
    const { sent } = start(t, shop.listen, method);
    sent.end(method === "POST" ? "a body" : undefined);
    const { request, response } = await app.next();
    request.resume();
    assert.equal(response.closed, false);
    sent.destroy();
    await until(() => response.closed && !response.writableFinished, AT_ONCE);
  }
});

test("a caller that leaves in the middle of the answer cancels the app's request at once", async (t) => {
  const app = await handledApp(t);
  const { shop } = await meshPair(t, app);
  for (const howMuch of ["an event", "more than anybody takes"]) {
    const { sent, answer } = start(t, shop.listen, "GET");
    sent.end();
    const { response } = await app.next();
    if (howMuch === "an event") response.write("data: 1\n\n");
    else new Source(response, 1024 ** 3);
    const seen = await answer;
    seen.once("error", () => {});
    await new Promise((resolve) => seen.once("data", resolve));
    sent.destroy();
    await until(() => response.closed && !response.writableFinished, AT_ONCE);
  }
});

test("a caller that leaves in the middle of its upload cancels the app's request at once", async (t) => {
  const app = await handledApp(t);
  const { shop } = await meshPair(t, app);
  for (const headers of [{}, { "content-length": 1024 ** 3 }] as Record<string, number>[]) {
    const { sent } = start(t, shop.listen, "PUT", "/", headers);
    const up = new Source(sent, 1024 * 1024, false);
    const { request } = await app.next();
    const atApp = new Drain(request);
    await until(() => atApp.read === up.written);
    sent.destroy();
    await until(() => atApp.broken, AT_ONCE);
    assert.equal(request.complete, false, "it does not look like the end of the upload");
  }
});

test("an app that answers an upload early is heard, and the caller need not send the rest", async (t) => {
  const app = await handledApp(t);
  const { shop } = await meshPair(t, app);
  const { sent, answer } = start(t, shop.listen, "PUT", "/", { "content-length": 1024 ** 3 });
  const up = new Source(sent, 1024 ** 3);
  const { response } = await app.next();
  response.writeHead(403).end("no");
  const refused = await answer;
  assert.equal(refused.statusCode, 403);
  assert.equal(await new Drain(refused).done(), hashOf(Buffer.from("no")));
  await until(() => sent.destroyed || sent.closed, { what: "the caller's connection to close" });
  assert.ok(up.written < 64 * 1024 * 1024, `${up.written} bytes were sent for nothing`);
});

test("an app that dies in the middle of its answer breaks the caller off", async (t) => {
  const app = await wireApp(t);
  const { shop } = await meshPair(t, app);
  const beginnings = [
    `${lines("HTTP/1.1 200 OK", "Content-Length: 100")}half`,
    `${lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")}4\r\nhalf\r\n`,
  ];
  for (const beginning of beginnings)
    for (const how of ["reset", "end"]) {
      const client = await wireTo(t, shop.listen);
      client.send(lines("GET / HTTP/1.1", "Host: orders.mesh"));
      const asked = await app.accept();
      await asked.head();
      asked.send(beginning);
      assert.equal(await client.upTo("half"), beginning.slice(0, beginning.indexOf("half") + 4));
      if (how === "reset") asked.reset();
      else asked.socket.end();
      const rest = await client.rest();
      assert.doesNotMatch(rest, /0\r\n\r\n/, "it must not look like a whole answer");
    }
});

test("an app that dies before its answer is told as app-reset", async (t) => {
  const app = await wireApp(t);
  const { shop } = await meshPair(t, app);
  for (const how of ["reset", "end"]) {
    const client = await wireTo(t, shop.listen);
    client.send(`${lines("POST / HTTP/1.1", "Host: orders.mesh", "Content-Length: 4")}body`);
    const asked = await app.accept();
    await asked.upTo("body");
    if (how === "reset") asked.reset();
    else asked.socket.end();
    assert.match(await client.head(), /^HTTP\/1.1 502 Bad Gateway\r\nweft-error: app-reset\r\n/);
  }
});

test("an app that dies in the middle of an upload is told as app-reset", async (t) => {
  const app = await wireApp(t);
  const { shop } = await meshPair(t, app);
  const { sent, answer } = start(t, shop.listen, "PUT", "/", { "content-length": 1024 ** 3 });
  new Source(sent, 1024 ** 3);
  const asked = await app.accept();
  asked.reset();
  const refused = await answer;
  assert.equal(refused.statusCode, 502);
  assert.equal(refused.headers["weft-error"], "app-reset");
});

test("a kept connection that the app has closed meanwhile does not cost a call", async (t) => {
  const app = await wireApp(t);
  const { shop } = await meshPair(t, app);
  const ok = lines("HTTP/1.1 200 OK", "Content-Length: 0");
  const first = await wireTo(t, shop.listen);
  first.send(lines("GET /1 HTTP/1.1", "Host: orders.mesh"));
  const kept = await app.accept();
  await kept.head();
  kept.send(ok);
  await first.head();
  // The app closes at the moment when the connection is used again.
  first.send(lines("GET /2 HTTP/1.1", "Host: orders.mesh"));
  await kept.head();
  kept.reset();
  const fresh = await app.accept();
  assert.match(await fresh.head(), /^GET \/2 /);
  fresh.send(ok);
  assert.equal(await first.head(), ok);
});
