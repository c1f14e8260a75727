import assert from "node:assert/strict";
import { test } from "node:test";
import { serveHttp } from "../../../sidecar/http/server.ts";
import { NO_BODY } from "../../../sidecar/stack/body.ts";
import { Sweep } from "../../../sidecar/stack/sweep.ts";
import { Collected, LiveBody } from "../../support/bodies.ts";
import { type RawPeer, rawClient } from "../../support/raw.ts";
import { echoPath, GET, ok, serverScene as scene } from "../../support/server-scene.ts";
import { until } from "../../support/until.ts";

test("a client that leaves is noticed at once: by reset, by close and by half-close", async (t) => {
  const leave: ((client: RawPeer) => void)[] = [
    (client) => client.socket.resetAndDestroy(),
    (client) => client.socket.destroy(),
    (client) => client.socket.end(),
  ];
  for (const each of leave) {
    const { client, asked, server } = await scene(t);
    let gone = 0;
    client.send(GET("/"));
    await until(() => asked.length === 1);
    asked[0]![0].onGone = () => {
      gone++;
    };
    each(client);
    await until(() => gone === 1);
    let problem: unknown;
    const late = new LiveBody();
    asked[0]![1].reply(200, "OK", "", late, (why) => {
      problem = why;
    });
    assert.deepEqual([problem, late.abandoned], ["cancelled", "cancelled"]);
    await until(() => server.connections === 0);
    assert.equal(gone, 1);
  }
});

test("a client that leaves in the middle of its body, or of its answer, fails both", async (t) => {
  const { client, asked } = await scene(t);
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nab");
  await until(() => asked.length === 1);
  const [request, responder] = asked[0]!;
  const read = new Collected();
  request.body.read(read);
  const answer = new LiveBody("x");
  let problem: unknown;
  responder.reply(200, "OK", "", answer, (why) => {
    problem = why;
  });
  client.socket.destroy();
  await until(() => read.failed !== undefined);
  assert.deepEqual([read.failed, answer.abandoned, problem], ["cancelled", "cancelled", "cancelled"]);
});

test("what is no HTTP is answered with a code and a sentence, then closed", async (t) => {
  const limits = { headBytes: 1024, fields: 10, targetBytes: 100 };
  const cases: readonly (readonly [string, number, string])[] = [
    ["GET / HTTP/1.1\r\n\r\n", 400, "bad-request"],
    ["GET / HTTP/1.1\nHost: a\n\n", 400, "bad-request"],
    [
      "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      400,
      "bad-request",
    ],
    [`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n`, 400, "bad-request"],
    [`GET /${"a".repeat(200)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414, "target-too-long"],
    [`GET / HTTP/1.1\r\nHost: a\r\nX: ${"a".repeat(2000)}`, 431, "head-too-large"],
    [`GET / HTTP/1.1\r\nHost: a\r\n${"X: a\r\n".repeat(10)}\r\n`, 431, "head-too-large"],
    ["CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 501, "unsupported"],
  ];
  for (const [text, status, code] of cases) {
    const { client, asked } = await scene(t, undefined, { limits });
    client.send(text + GET("/smuggled"));
    const answer = await client.wholeText();
    const [head = "", sentence] = answer.split("\r\n\r\n");
    assert.ok(head.startsWith(`HTTP/1.1 ${status} `), head);
    assert.ok(head.includes(`\r\nweft-error: ${code}\r\n`), head);
    assert.ok(head.endsWith("\r\nConnection: close"), head);
    assert.match(sentence!, /^.+\n$/);
    assert.equal(asked.length, 0);
  }
});

test("chunks that turn out malformed fail the body and close after the answer", async (t) => {
  const { client, asked } = await scene(t);
  client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
  await until(() => asked.length === 1);
  const read = new Collected();
  asked[0]![0].body.read(read);
  client.send(`zz\r\n\r\n${GET("/smuggled")}`);
  await until(() => read.failed === "bad-request");
  asked[0]![1].reply(400, "Bad", "", NO_BODY);
  assert.match(
    await client.wholeText(),
    /^HTTP\/1.1 400 Bad\r\nContent-Length: 0\r\nConnection: close\r\n\r\n$/,
  );
  assert.equal(asked.length, 1);
});

test("an empty line before a request is let pass, once", async (t) => {
  const { client, asked } = await scene(t, echoPath);
  client.send(`\r\n${GET("/1")}`);
  await client.sees("/1");
  client.send("\r");
  await new Promise(setImmediate);
  client.send(`\n${GET("/2")}`);
  await client.sees("/2");
  client.send(`\r\n\r\n${GET("/3")}`);
  assert.match(await client.wholeText(), /400 Bad Request/);
  assert.equal(asked.length, 2);
});

test("a slow head ends with 408, a resting connection in silence, a stalled body as idle", async (t) => {
  let now = 0;
  const sweep = new Sweep(() => now);
  const { client, server, asked } = await scene(t, undefined, {
    sweep,
    headTimeoutMs: 1000,
    idleTimeoutMs: 5000,
  });
  const silent = await rawClient(t, server.address.port);
  const uploader = await rawClient(t, server.address.port);
  await until(() => server.connections === 3);
  client.send("GET / HTTP/1.1\r\nHost");
  uploader.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n");
  await until(() => asked.length === 1);
  const read = new Collected();
  asked[0]![0].body.read(read);
  now = 1500;
  sweep.tick();
  assert.match(await client.wholeText(), /^HTTP\/1.1 408 [^\0]*weft-error: request-timeout/);
  assert.equal(await silent.wholeText(), "");
  uploader.send("abc");
  await until(() => read.bytes === 3);
  now = 5500;
  sweep.tick();
  assert.equal(read.failed, undefined, "it moved");
  now = 11_000;
  sweep.tick();
  assert.equal(read.failed, "idle");
  asked[0]![1].reply(504, "Idle", "", NO_BODY);
  assert.match(await uploader.wholeText(), /^HTTP\/1.1 504 Idle\r\nContent-Length: 0\r\nConnection: close/);
});

test("a client that does not read its answer for the idle time is thrown out", async (t) => {
  let now = 0;
  const sweep = new Sweep(() => now);
  let problem: unknown;
  const body = new LiveBody("", "until-end");
  const { client, asked } = await scene(
    t,
    (_request, responder) =>
      responder.reply(200, "OK", "", body, (why) => {
        problem = why;
      }),
    { sweep, idleTimeoutMs: 5000 },
  );
  client.socket.pause();
  client.send(GET("/"));
  await until(() => asked.length === 1);
  const chunk = Buffer.alloc(64 * 1024);
  let resumed = -1;
  await until(async () => {
    while (body.sink!.write(chunk));
    const settled = resumed === body.resumed;
    resumed = body.resumed;
    await new Promise((resolve) => setTimeout(resolve, 20));
    return settled;
  });
  now = 5001;
  sweep.tick();
  now = 10_002;
  sweep.tick();
  await until(() => problem === "cancelled");
  assert.equal(body.abandoned, "cancelled");
});

test("more connections than allowed are closed at once", async (t) => {
  const { server } = await scene(t, echoPath, { maxConnections: 1 });
  const second = await rawClient(t, server.address.port);
  assert.equal(await second.wholeText(), "");
});

test("closing ends what rests, and the others after their answer or the grace", async (t) => {
  const { server, client, asked } = await scene(t);
  const resting = await rawClient(t, server.address.port);
  const stuck = await rawClient(t, server.address.port);
  client.send(GET("/1"));
  stuck.send(GET("/2"));
  await until(() => asked.length === 2);
  let closed = false;
  const closing = server.close(200).then(() => {
    closed = true;
  });
  assert.equal(await resting.wholeText(), "");
  ok(asked[0]![1], "1");
  assert.match(await client.wholeText(), /Connection: close\r\n\r\n1$/);
  assert.equal(closed, false);
  await closing;
  assert.equal(server.connections, 0);
  assert.equal(await stuck.wholeText(), "");
});

test("a taken port is an error that says what to do", async (t) => {
  const { server } = await scene(t);
  await assert.rejects(
    serveHttp({ onRequest: echoPath }).listen("127.0.0.1", server.address.port),
    /is taken: give another port/,
  );
});

test("after a stall nothing is closed for idleness before its socket was read", async (t) => {
  let now = 0;
  const sweep = new Sweep(() => now);
  const { client, server } = await scene(t, echoPath, {
    sweep,
    headTimeoutMs: 10_000,
    idleTimeoutMs: 20_000,
  });
  const silent = await rawClient(t, server.address.port);
  const fresh = await rawClient(t, server.address.port);
  await until(() => server.connections === 3);
  client.send(GET("/1"));
  await client.sees("/1");
  // Both wrote in time, and the process woke too late to know.
  fresh.send(GET("/first"));
  client.send(GET("/again"));
  now = 30_000;
  sweep.wake();
  await fresh.sees("/first");
  await client.sees("/again");
  assert.equal(await silent.wholeText(), "");
});
