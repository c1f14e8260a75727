import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Request, Responder } from "../../../sidecar/http/exchange.ts";
import { type HttpServer, type HttpServerOptions, serveHttp } from "../../../sidecar/http/server.ts";
import { NO_BODY, wholeBody } from "../../../sidecar/stack/body.ts";
import { Sweep } from "../../../sidecar/stack/sweep.ts";
import { Collected, LiveBody, textOf } from "../../support/bodies.ts";
import { type RawPeer, rawClient } from "../../support/raw.ts";
import { until } from "../../support/until.ts";

type Handler = (request: Request, responder: Responder) => void;

interface Scene {
  readonly server: HttpServer;
  readonly client: RawPeer;
  readonly asked: [Request, Responder][];
}

/** A server that keeps the requests for the test, or lets `handler` answer, and one client of it. */
async function scene(
  t: TestContext,
  handler?: Handler,
  options: Partial<HttpServerOptions> = {},
): Promise<Scene> {
  const asked: [Request, Responder][] = [];
  const server = serveHttp({
    ...options,
    onRequest(request, responder) {
      asked.push([request, responder]);
      handler?.(request, responder);
    },
  });
  await server.listen("127.0.0.1", 0);
  t.after(() => server.close(0));
  return { server, client: await rawClient(t, server.address.port), asked };
}

const ok = (responder: Responder, text: string) =>
  responder.reply(200, "OK", `Content-Length: ${text.length}\r\n`, wholeBody(Buffer.from(text)));
const echoPath: Handler = (request, responder) => ok(responder, request.path);
const GET = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;

test("answers are written byte for byte, with nothing added", async (t) => {
  const { client } = await scene(t, echoPath);
  client.send(GET("/1"));
  await client.sees("/1");
  assert.equal(client.received, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n/1");
});

test("requests that come byte by byte are read", async (t) => {
  const { client } = await scene(t, (request, responder) => ok(responder, request.body.first.toString()));
  for (const byte of "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello") {
    client.send(byte);
    await new Promise(setImmediate);
  }
  await client.sees("hello");
});

test("pipelined requests are handed on one at a time and answered in order", async (t) => {
  const { client, asked } = await scene(t);
  client.send(GET("/1") + GET("/2") + GET("/3"));
  for (const path of ["/1", "/2", "/3"]) {
    await until(() => asked.at(-1)?.[0].path === path);
    ok(asked.at(-1)![1], path);
  }
  await client.sees("/3");
  assert.match(client.received, /\/1HTTP[^/]*\/1.1 200 OK[^/]*\/2HTTP[^/]*\/1.1 200 OK[^/]*\/3$/);
  assert.equal(asked.length, 3);
});

test("a thousand pipelined requests that are answered at once do not exhaust the stack", async (t) => {
  const { client } = await scene(t, echoPath);
  for (let i = 0; i < 1000; i++) client.send(GET(`/n${i}`));
  client.send(GET("/last", "Connection: close\r\n"));
  assert.equal((await client.wholeText()).split("HTTP/1.1 200").length - 1, 1001);
});

test("a client that pipelines and does not read its answers is not read either", async (t) => {
  const big = "x".repeat(60_000);
  const { client, asked } = await scene(t, (_request, responder) => ok(responder, big));
  client.socket.pause();
  for (let i = 0; i < 500; i++) client.send(GET(`/n${i}`));
  let before = -1;
  await until(async () => {
    const settled = asked.length === before;
    before = asked.length;
    await new Promise((resolve) => setTimeout(resolve, 30));
    return settled;
  });
  assert.ok(asked.length < 400, `${asked.length} requests were taken`);
  client.socket.resume();
  await until(() => asked.length === 500);
});

test("a body that has just been sent travels whole, a longer one as it comes", async (t) => {
  const { client, asked } = await scene(t);
  client.send("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
  client.send("def");
  await until(() => asked.length === 1);
  const { body } = asked[0]![0];
  assert.deepEqual([body.complete, body.framing, body.first.toString()], [true, "length", "abcdef"]);
  ok(asked[0]![1], "1");

  client.send("POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc");
  await until(() => asked.length === 2, { what: "the request though its body is not whole" });
  assert.equal(asked[1]![0].body.complete, false);
  assert.equal(asked[1]![0].body.first.toString(), "abc");
  const text = textOf(asked[1]![0].body);
  client.send("def");
  assert.equal(await text, "abcdef");
  ok(asked[1]![1], "2");

  client.send(
    "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-T: 1\r\n\r\n",
  );
  await until(() => asked.length === 3);
  const chunked = asked[2]![0].body;
  assert.deepEqual(
    [chunked.complete, chunked.framing, chunked.first.toString(), chunked.trailers],
    [true, "until-end", "ab", "X-T: 1\r\n"],
  );
});

test("a body of unknown length goes out in chunks with its trailers, or until the end for HTTP/1.0", async (t) => {
  const bodies: LiveBody[] = [];
  const { client, server } = await scene(t, (_request, responder) => {
    const body = new LiveBody("ab");
    bodies.push(body);
    responder.reply(200, "OK", "A: b\r\n", body);
  });
  const old = await rawClient(t, server.address.port);
  client.send(GET("/"));
  old.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  await until(() => bodies.length === 2);
  for (const { sink } of bodies) {
    sink!.write(Buffer.from("cde"));
    sink!.write(Buffer.alloc(0));
    sink!.end("X-Sum: 1\r\nHost: evil\r\n");
  }
  await client.sees("\r\nX-Sum: 1\r\n\r\n");
  assert.equal(
    client.received,
    "HTTP/1.1 200 OK\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\nX-Sum: 1\r\n\r\n",
  );
  assert.equal(await old.wholeText(), "HTTP/1.1 200 OK\r\nA: b\r\nConnection: close\r\n\r\nabcde");
});

test("HTTP/1.0 keeps a connection only when asked to, and gets no interim answer", async (t) => {
  const { client } = await scene(t, (request, responder) => {
    responder.interim({ status: 103, reason: "Early Hints", headers: "" });
    responder.reply(200, "OK", "", wholeBody(Buffer.from(request.path), "until-end"));
  });
  client.send("GET /1 HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
  await client.sees("/1");
  client.send("GET /2 HTTP/1.0\r\n\r\n");
  assert.equal(
    await client.wholeText(),
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n/1HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n/2",
  );
});

test("HEAD, 204 and 304 have no body, whatever the head and the body say", async (t) => {
  const status: Record<string, number> = { "/head": 200, "/204": 204, "/304": 304 };
  const { client } = await scene(t, (request, responder) =>
    responder.reply(status[request.path]!, "R", "Content-Length: 5\r\n", wholeBody(Buffer.from("hello"))),
  );
  client.send(`HEAD /head HTTP/1.1\r\nHost: a\r\n\r\n${GET("/204")}${GET("/304", "Connection: close\r\n")}`);
  assert.equal(
    await client.wholeText(),
    "HTTP/1.1 200 R\r\nContent-Length: 5\r\n\r\nHTTP/1.1 204 R\r\n\r\nHTTP/1.1 304 R\r\nContent-Length: 5\r\nConnection: close\r\n\r\n",
  );
});

test("interim answers go out at once, and not after the answer", async (t) => {
  const { client, asked } = await scene(t);
  client.send(GET("/", "Expect: 100-continue\r\nContent-Length: 2\r\n"));
  await until(() => asked.length === 1);
  const [request, responder] = asked[0]!;
  assert.equal(request.body.complete, false, "a client that waits for 100 is not waited for");
  const text = textOf(request.body);
  responder.interim({ status: 100, reason: "Continue", headers: "A: b\r\n" });
  await client.sees("HTTP/1.1 100 Continue\r\nA: b\r\n\r\n");
  client.send("ab");
  assert.equal(await text, "ab");
  ok(responder, "x");
  responder.interim({ status: 103, reason: "Early Hints", headers: "" });
  client.send(GET("/2", "Connection: close\r\n"));
  await until(() => asked.length === 2);
  ok(asked[1]![1], "y");
  assert.doesNotMatch(await client.wholeText(), /103/);
});

test("a final answer instead of 100 closes, so that the body is never taken for a request", async (t) => {
  const { client, asked } = await scene(t, (_request, responder) => responder.reply(417, "No", "", NO_BODY));
  client.send(`${GET("/", "Expect: 100-continue\r\nContent-Length: 100\r\n")}${GET("/smuggled")}`);
  assert.equal(await client.wholeText(), "HTTP/1.1 417 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  assert.equal(asked.length, 1);
});

test("an answer that streams while the request still streams is no reason to close", async (t) => {
  const { client, asked } = await scene(t);
  client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
  await until(() => asked.length === 1);
  const [request, responder] = asked[0]!;
  const answer = new LiveBody();
  responder.reply(200, "OK", "", answer);
  request.body.read({
    write: (chunk) => answer.sink!.write(chunk),
    end: () => answer.sink!.end(""),
    fail: (code) => answer.sink!.fail(code),
  });
  client.send("2\r\ncd\r\n");
  await client.sees("2\r\ncd\r\n");
  client.send("0\r\n\r\n");
  await client.sees("0\r\n\r\n");
  client.send(GET("/next"));
  await until(() => asked.length === 2);
});

test("a body that is longer or shorter than its content-length closes the connection", async (t) => {
  for (const text of ["abcdef", "ab"]) {
    const problems: unknown[] = [];
    const reply = async (how: (responder: Responder) => void) => {
      const { client } = await scene(t, (_request, responder) => how(responder));
      client.send(GET("/") + GET("/2"));
      return client.wholeText();
    };
    const whole = await reply((responder) =>
      responder.reply(200, "OK", "Content-Length: 4\r\n", wholeBody(Buffer.from(text)), (p) =>
        problems.push(p),
      ),
    );
    assert.equal(whole, "", "nothing of it is sent");
    const streamed = await reply((responder) => {
      const body = new LiveBody("a", "length");
      responder.reply(200, "OK", "Content-Length: 4\r\n", body, (p) => problems.push(p));
      body.sink!.write(Buffer.from(text.slice(1)));
      body.sink!.end("");
    });
    assert.ok(streamed.length <= "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd".length);
    assert.deepEqual(problems, ["broken-stream", "broken-stream"]);
  }
});

test("a body that fails halfway is cut, so that the client does not take it for whole", async (t) => {
  const problems: unknown[] = [];
  const { client } = await scene(t, (_request, responder) => {
    const body = new LiveBody("ab");
    responder.reply(200, "OK", "", body, (problem) => problems.push(problem));
    setImmediate(() => body.sink!.fail("gone"));
  });
  client.send(GET("/"));
  assert.doesNotMatch(await client.wholeText(), /0\r\n\r\n$/);
  assert.deepEqual(problems, ["gone"]);
});

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
