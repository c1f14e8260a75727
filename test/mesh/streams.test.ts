import assert from "node:assert/strict";
import { test } from "node:test";
import { testBroker } from "../support/broker.ts";
import { bytes, Drain, hashOf, Source, settled, start } from "../support/flow.ts";
import { handledApp, testApp, testSidecar } from "../support/mesh.ts";
import { meshPair } from "../support/mesh-pair.ts";
import { natsServers } from "../support/servers.ts";
import { until } from "../support/until.ts";

const MIB = 1024 * 1024;
/** What lies in the kernel's buffers of two connections, and in the windows between. */
const ON_THE_WAY = 24 * MIB;

for (const server of natsServers())
  test(`nats-server ${server.label}: 64 MiB go up and come down at once, unharmed, and little of them is anywhere between`, async (t) => {
    const length = 64 * MIB;
    const app = await handledApp(t);
    const { shop } = await meshPair(t, app, { server });
    const { sent, answer } = start(t, shop.listen, "POST", "/", { "content-length": length });
    const up = new Source(sent, length);
    const { request, response } = await app.next();
    const atApp = new Drain(request);
    const down = new Source(response, length);
    const atClient = new Drain(await answer);
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, up.written - atApp.read, down.written - atClient.read);
    }, 5);
    const expected = hashOf(bytes(length));
    assert.equal(await atApp.done(), expected);
    assert.equal(await atClient.done(), expected);
    clearInterval(watch);
    assert.ok(most < ON_THE_WAY, `${most} bytes were between`);
  });

test("an app that stops reading stops the caller, and both go on from there", async (t) => {
  const length = 48 * MIB;
  const app = await handledApp(t);
  const { shop } = await meshPair(t, app);
  const { sent, answer } = start(t, shop.listen, "PUT", "/", { "content-length": length });
  const up = new Source(sent, length);
  const { request, response } = await app.next();
  const written = await settled(() => up.written - sent.writableLength);
  assert.ok(written < ON_THE_WAY, `the caller could write ${written} bytes`);
  assert.equal(await new Drain(request).done(), hashOf(bytes(length)));
  response.end("thanks");
  assert.equal((await answer).statusCode, 200);
});

test("a caller that stops reading stops the app, and both go on from there", async (t) => {
  const length = 48 * MIB;
  const app = await handledApp(t);
  const { shop } = await meshPair(t, app);
  const { sent, answer } = start(t, shop.listen, "GET");
  sent.end();
  const { response } = await app.next();
  const down = new Source(response, length);
  const response200 = await answer;
  const written = await settled(() => down.written - response.writableLength);
  assert.ok(written < ON_THE_WAY, `the app could write ${written} bytes`);
  assert.equal(await new Drain(response200).done(), hashOf(bytes(length)));
});

test("each server-sent event arrives before the next is written", async (t) => {
  const app = await handledApp(t);
  const { shop } = await meshPair(t, app);
  const { sent, answer } = start(t, shop.listen, "GET", "/", { accept: "text/event-stream" });
  sent.end();
  const { response } = await app.next();
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.flushHeaders();
  const events = await answer;
  let seen = "";
  events.on("data", (chunk) => {
    seen += chunk;
  });
  for (let i = 0; i < 20; i++) {
    response.write(`id: ${i}\ndata: event ${i}\n\n`);
    await until(() => seen.endsWith(`event ${i}\n\n`), { what: `event ${i}` });
  }
  response.end();
  await until(() => events.complete);
});

test("both directions of one call flow at the same time", async (t) => {
  const app = await handledApp(t);
  const { shop } = await meshPair(t, app);
  const { sent, answer } = start(t, shop.listen, "POST");
  sent.write("one");
  const { request, response } = await app.next();
  request.pipe(response);
  const echoed = await answer;
  let seen = "";
  echoed.on("data", (chunk) => {
    seen += chunk;
  });
  await until(() => seen === "one");
  for (const word of ["two", "three"]) {
    sent.write(word);
    await until(() => seen.endsWith(word), { what: word });
  }
  sent.end();
  await until(() => echoed.complete);
});

test("bodies of every size around the limits arrive whole, with a length or in chunks, both ways", async (t) => {
  const app = await testApp(t, (request, response) => {
    const length = request.headers["content-length"];
    if (length !== undefined) response.setHeader("content-length", length);
    request.pipe(response);
  });
  const { shop } = await meshPair(t, app);
  const K = 1024;
  const sizes = [0, 1, K, 64 * K - 1, 64 * K, 64 * K + 1, 128 * K - 1, 128 * K, 128 * K + 1];
  sizes.push(256 * K - 1, 256 * K, 256 * K + 1, 384 * K, 384 * K + 1, MIB + 1, 3 * MIB);
  for (const size of sizes)
    for (const chunked of [false, true]) {
      const body = bytes(size);
      const headers: Record<string, string | number> = chunked
        ? { "transfer-encoding": "chunked" }
        : { "content-length": size };
      const { sent, answer } = start(t, shop.listen, "POST", "/", headers);
      sent.end(body);
      const echoed = await answer;
      assert.equal(await new Drain(echoed).done(), hashOf(body), `${size} bytes, chunked: ${chunked}`);
      if (!chunked) assert.equal(echoed.headers["content-length"], String(size));
    }
});

test("bodies are cut to what the broker takes in one message, and a head that does not fit is refused", async (t) => {
  const server = natsServers()[0]!;
  const broker = await testBroker(t, { server, config: "max_payload: 4096" });
  const app = await testApp(t, (request, response) => request.pipe(response));
  await testSidecar(broker, "orders", { app });
  const shop = await testSidecar(broker, "shop");
  const body = bytes(MIB);
  const { sent, answer } = start(t, shop.listen, "POST");
  sent.end(body);
  assert.equal(await new Drain(await answer).done(), hashOf(body));

  const large = start(t, shop.listen, "GET", "/", { "x-large": "x".repeat(5000) });
  large.sent.end();
  const refused = await large.answer;
  assert.equal(refused.statusCode, 431);
  assert.equal(refused.headers["weft-error"], "too-large");
});

test("many streams share one sidecar, and small calls pass between them", async (t) => {
  const app = await testApp(t, (request, response) => request.pipe(response));
  const { shop } = await meshPair(t, app);
  const body = bytes(MIB);
  const expected = hashOf(body);
  const echo = async (small: boolean) => {
    const { sent, answer } = start(t, shop.listen, "POST");
    if (small) sent.end("small");
    else sent.end(body);
    assert.equal(await new Drain(await answer).done(), small ? hashOf(Buffer.from("small")) : expected);
  };
  await Promise.all([
    ...Array.from({ length: 40 }, () => echo(false)),
    ...Array.from({ length: 100 }, () => echo(true)),
  ]);
});
