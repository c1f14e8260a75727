import assert from "node:assert/strict";
import { test } from "node:test";
import { meshPair } from "../support/mesh-pair.ts";
import { lines, wireApp, wireTo } from "../support/wire.ts";

test("HEAD, 204 and 304 have no body, and the connection goes on behind them", async (t) => {
  const app = await wireApp(t);
  const { shop } = await meshPair(t, app);
  const client = await wireTo(t, shop.listen);
  const answers = [
    ["HEAD", lines("HTTP/1.1 200 OK", "Content-Length: 12345", "ETag: x"), undefined],
    ["HEAD", lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked"), lines("HTTP/1.1 200 OK")],
    ["DELETE", lines("HTTP/1.1 204 No Content", "X-A: 1"), undefined],
    ["GET", lines("HTTP/1.1 304 Not Modified", "ETag: x", "Content-Length: 99"), undefined],
    ["OPTIONS", lines("HTTP/1.1 205 Reset Content", "Content-Length: 0"), undefined],
  ] as const;
  client.send(lines(`${answers[0][0]} / HTTP/1.1`, "Host: orders.mesh"));
  const asked = await app.accept();
  for (const [i, [method, answer, expected]] of answers.entries()) {
    if (i > 0) client.send(lines(`${method} / HTTP/1.1`, "Host: orders.mesh"));
    assert.ok((await asked.head()).startsWith(`${method} / HTTP/1.1\r\n`));
    asked.send(answer);
    assert.equal(await client.head(), expected ?? answer, method);
    assert.equal(client.received, "");
  }
  client.send(lines("GET /last HTTP/1.1", "Host: orders.mesh"));
  assert.match(await asked.head(), /^GET \/last /);
  asked.send(`${lines("HTTP/1.1 200 OK", "Content-Length: 2")}ok`);
  assert.match(await client.upTo("ok"), /^HTTP\/1.1 200 OK/);
});

test("a 204 that says it has a length travels on without it", async (t) => {
  const app = await wireApp(t);
  const { shop } = await meshPair(t, app);
  const client = await wireTo(t, shop.listen);
  client.send(lines("GET / HTTP/1.1", "Host: orders.mesh"));
  const asked = await app.accept();
  await asked.head();
  asked.send(lines("HTTP/1.1 204 No Content", "Content-Length: 0"));
  assert.equal(await client.head(), lines("HTTP/1.1 204 No Content"));
});

test("interim answers come before the answer, each at once; an HTTP/1.0 client gets none", async (t) => {
  const app = await wireApp(t);
  const { shop } = await meshPair(t, app);
  const hints = lines("HTTP/1.1 103 Early Hints", "Link: </a.css>; rel=preload", "link: </b.css>");
  const client = await wireTo(t, shop.listen);
  client.send(lines("GET / HTTP/1.1", "Host: orders.mesh"));
  const asked = await app.accept();
  await asked.head();
  asked.send(hints);
  assert.equal(await client.head(), hints);
  asked.send(lines("HTTP/1.1 102 Processing"));
  assert.equal(await client.head(), lines("HTTP/1.1 102 Processing"));
  const answer = lines("HTTP/1.1 200 OK", "Content-Length: 0");
  asked.send(answer);
  assert.equal(await client.head(), answer);

  const old = await wireTo(t, shop.listen);
  old.send(lines("GET / HTTP/1.0", "Host: orders.mesh"));
  await asked.head();
  asked.send(hints + answer);
  assert.equal(await old.rest(), lines("HTTP/1.1 200 OK", "Content-Length: 0", "Connection: close"));
});

test("Expect: 100-continue is the app's to answer, and the body follows only then", async (t) => {
  const app = await wireApp(t);
  const { shop } = await meshPair(t, app);
  const client = await wireTo(t, shop.listen);
  client.send(lines("PUT /big HTTP/1.1", "Host: orders.mesh", "Content-Length: 5", "Expect: 100-continue"));
  const asked = await app.accept();
  const head = await asked.head();
  assert.match(head, /\r\nExpect: 100-continue\r\n/);
  assert.equal(asked.received, "");
  asked.send(lines("HTTP/1.1 100 Continue"));
  assert.equal(await client.head(), lines("HTTP/1.1 100 Continue"));
  client.send("hello");
  assert.equal(await asked.take(5), "hello");
  asked.send(lines("HTTP/1.1 201 Created", "Content-Length: 0"));
  assert.equal(await client.head(), lines("HTTP/1.1 201 Created", "Content-Length: 0"));
});

test("an app that refuses what was announced by Expect answers at once, and never sees the body", async (t) => {
  const app = await wireApp(t);
  const { shop } = await meshPair(t, app);
  const client = await wireTo(t, shop.listen);
  client.send(lines("PUT /big HTTP/1.1", "Host: orders.mesh", "Content-Length: 5", "Expect: 100-continue"));
  const asked = await app.accept();
  await asked.head();
  asked.send(`${lines("HTTP/1.1 413 Too Large", "Content-Length: 3")}no\n`);
  assert.match(
    await client.rest(),
    /^HTTP\/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno\n$/,
  );
  assert.equal(await asked.rest(), "");
});

test("chunked bodies arrive whole with their trailers, in both directions", async (t) => {
  const app = await wireApp(t);
  const { shop } = await meshPair(t, app);
  const client = await wireTo(t, shop.listen);
  const chunks = "5;ext=1\r\nhello\r\n1\r\n!\r\n0\r\nX-Sum: 1\r\nx-SUM:2\r\n\r\n";
  client.send(
    `${lines("POST / HTTP/1.1", "Host: orders.mesh", "Transfer-Encoding: chunked", "Trailer: X-Sum")}${chunks}`,
  );
  const asked = await app.accept();
  const head = await asked.head();
  assert.match(head, /\r\nTrailer: X-Sum\r\n/);
  assert.match(head, /\r\nTransfer-Encoding: chunked\r\n/);
  assert.doesNotMatch(head, /content-length/i);
  assert.equal(unchunked(await asked.upTo("0\r\nX-Sum: 1\r\nx-SUM:2\r\n\r\n")), "hello!");
  asked.send(`${lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Trailer: X-Sum")}${chunks}`);
  const answer = await client.head();
  assert.equal(answer, lines("HTTP/1.1 200 OK", "Trailer: X-Sum", "Transfer-Encoding: chunked"));
  assert.equal(unchunked(await client.upTo("0\r\nX-Sum: 1\r\nx-SUM:2\r\n\r\n")), "hello!");
});

test("pipelined requests are answered in their order, and one that asks to close is the last", async (t) => {
  const app = await wireApp(t);
  const { shop } = await meshPair(t, app);
  const client = await wireTo(t, shop.listen);
  client.send(
    [
      `${lines("POST /1 HTTP/1.1", "Host: orders.mesh", "Content-Length: 3")}one`,
      lines("GET /2 HTTP/1.1", "Host: orders.mesh"),
      `${lines("POST /3 HTTP/1.1", "Host: orders.mesh", "Transfer-Encoding: chunked")}3\r\ntri\r\n0\r\n\r\n`,
      lines("GET /4 HTTP/1.1", "Host: orders.mesh", "Connection: close"),
      lines("GET /never HTTP/1.1", "Host: orders.mesh"),
    ].join(""),
  );
  const asked = await app.accept();
  for (const [path, body] of [
    ["/1", "one"],
    ["/2", ""],
    ["/3", "3\r\ntri\r\n0\r\n\r\n"],
    ["/4", ""],
  ]) {
    assert.match(await asked.head(), new RegExp(` ${path} HTTP`));
    assert.equal(await asked.take(body!.length), body);
    asked.send(`${lines("HTTP/1.1 200 OK", "Content-Length: 2")}${path}`);
  }
  const answer = lines("HTTP/1.1 200 OK", "Content-Length: 2");
  const last = lines("HTTP/1.1 200 OK", "Content-Length: 2", "Connection: close");
  assert.equal(await client.rest(), `${answer}/1${answer}/2${answer}/3${last}/4`);
  assert.equal(asked.received, "");
});

test("connections are kept on both sides, and an answer that ends by closing arrives whole", async (t) => {
  const app = await wireApp(t);
  const { shop } = await meshPair(t, app);
  const client = await wireTo(t, shop.listen);
  const ask = () => client.send(lines("GET / HTTP/1.1", "Host: orders.mesh"));
  ask();
  const asked = await app.accept();
  for (let i = 0; i < 3; i++) {
    if (i > 0) ask();
    await asked.head();
    asked.send(`${lines("HTTP/1.1 200 OK", "Content-Length: 1")}${i}`);
    assert.equal(await client.upTo(`\r\n\r\n${i}`), `${lines("HTTP/1.1 200 OK", "Content-Length: 1")}${i}`);
  }
  ask();
  await asked.head();
  asked.socket.end(`${lines("HTTP/1.0 200 Old")}until the end`);
  const text = await client.upTo("0\r\n\r\n");
  assert.ok(text.startsWith(lines("HTTP/1.1 200 Old", "Transfer-Encoding: chunked")), text);
  assert.equal(unchunked(text.slice(text.indexOf("\r\n\r\n") + 4)), "until the end");
});

test("trailers travel behind an empty body, too", async (t) => {
  const app = await wireApp(t);
  const { shop } = await meshPair(t, app);
  const client = await wireTo(t, shop.listen);
  const nothing = "0\r\nX-Sum: 0\r\n\r\n";
  client.send(`${lines("POST / HTTP/1.1", "Host: orders.mesh", "Transfer-Encoding: chunked")}${nothing}`);
  const asked = await app.accept();
  await asked.head();
  assert.equal(await asked.upTo("X-Sum: 0\r\n\r\n"), nothing);
  const head = lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked");
  asked.send(head + nothing);
  assert.equal(await client.upTo("X-Sum: 0\r\n\r\n"), head + nothing);
});

test("an HTTP/1.0 client gets a streamed answer up to the close, and its connection kept when it asks for that", async (t) => {
  const app = await wireApp(t);
  const { shop } = await meshPair(t, app);
  const kept = await wireTo(t, shop.listen);
  kept.send(lines("GET /1 HTTP/1.0", "Host: orders.mesh", "Connection: keep-alive"));
  const asked = await app.accept();
  assert.match(await asked.head(), /^GET \/1 HTTP\/1.1\r\n.*\r\nvia: 1.0 weft\r\n/s);
  asked.send(`${lines("HTTP/1.1 200 OK", "Content-Length: 1")}1`);
  assert.equal(
    await kept.upTo("\r\n\r\n1"),
    `${lines("HTTP/1.1 200 OK", "Content-Length: 1", "Connection: keep-alive")}1`,
  );
  kept.send(lines("GET /2 HTTP/1.0", "Host: orders.mesh"));
  await asked.head();
  asked.send(`${lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")}5\r\nhello\r\n`);
  assert.equal(await kept.upTo("hello"), `${lines("HTTP/1.1 200 OK", "Connection: close")}hello`);
  asked.send("6\r\n world\r\n0\r\n\r\n");
  assert.equal(await kept.rest(), " world");
});

/** Decodes chunks without extensions, up to the last. */
function unchunked(text: string): string {
  let body = "";
  for (let at = 0; ; ) {
    const lineEnd = text.indexOf("\r\n", at);
    const length = Number.parseInt(text.slice(at, lineEnd), 16);
    if (length === 0) return body;
    body += text.slice(lineEnd + 2, lineEnd + 2 + length);
    at = lineEnd + 2 + length + 2;
  }
}
