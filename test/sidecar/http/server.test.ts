import assert from "node:assert/strict";
import { test } from "node:test";
import type { Responder } from "../../../sidecar/http/exchange.ts";
import { NO_BODY, wholeBody } from "../../../sidecar/stack/body.ts";
import { LiveBody, textOf } from "../../support/bodies.ts";
import { rawClient } from "../../support/raw.ts";
import { echoPath, GET, ok, serverScene as scene } from "../../support/server-scene.ts";
import { until } from "../../support/until.ts";

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

test("a client that does not read gets no more interim answers than its buffer holds, and then the answer", async (t) => {
  const { client, asked } = await scene(t);
  client.send(GET("/"));
  await until(() => asked.length === 1);
  const [, responder] = asked[0]!;
  client.socket.pause();
  const headers = `Link: ${"x".repeat(60_000)}\r\n`;
  for (let i = 0; i < 1000; i++) responder.interim({ status: 103, reason: "Early Hints", headers });
  ok(responder, "done");
  client.socket.resume();
  await client.sees("done");
  assert.ok(client.received.length < 8 << 20, `${client.received.length} bytes`);
  assert.match(client.received, /^HTTP\/1\.1 103 /);
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
