import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRequestHead, requestHeadText } from "../../../sidecar/http/request-head.ts";

const LIMITS = { headBytes: 2048, fields: 8, targetBytes: 256 };
const parse = (text: string) => parseRequestHead(text, LIMITS);
const codeOf = (text: string) => {
  const head = parse(text);
  return head.kind === "problem" ? head.code : "accepted";
};
const withLines = (...lines: string[]) =>
  `POST /p HTTP/1.1\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`;
const read = (text: string) => {
  const head = parse(text);
  assert.equal(head.kind, "head", head.kind === "problem" ? head.message : "");
  return head as Extract<typeof head, { kind: "head" }>;
};

test("a head is taken as it was written, without its hop-by-hop fields", () => {
  const head = read(
    withLines(
      "HOST: Orders.Mesh:80",
      "x-Repeat: 1",
      "Connection: keep-alive, X-Hop",
      "X-REPEAT:\t2 ",
      "x-hop: gone",
      "Te: trailers",
      "Content-Length: 3",
      "Trailer: x-sum",
    ),
  );
  assert.equal(head.method, "POST");
  assert.equal(head.path, "/p");
  assert.equal(head.host, "orders.mesh:80");
  assert.equal(head.framing, "length");
  assert.equal(head.contentLength, 3);
  assert.equal(head.keepAlive, true);
  assert.equal(
    head.headers,
    "HOST: Orders.Mesh:80\r\nx-Repeat: 1\r\nX-REPEAT:\t2 \r\nContent-Length: 3\r\nTrailer: x-sum\r\n",
  );
});

test("each hop-by-hop field of RFC 9110 stops here", () => {
  for (const line of [
    "Keep-Alive: 5",
    "Proxy-Connection: close",
    "Proxy-Authorization: x",
    "Proxy-Authenticate: x",
    "TE: x",
    "Upgrade: x",
  ])
    assert.equal(read(withLines("Host: a", line)).headers, "Host: a\r\n", line);
  assert.equal(read(withLines("Host: a", "Transfer-Encoding: CHUNKED")).headers, "Host: a\r\n");
});

test("the target may be a path, an http address or, for OPTIONS, an asterisk", () => {
  const at = (line: string, host = "b") => read(`${line} HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
  assert.equal(at("GET http://Orders.mesh/a?b").path, "/a?b");
  assert.equal(at("GET http://Orders.mesh/a?b").host, "orders.mesh");
  assert.equal(
    at("GET http://orders.mesh/a").headers,
    "host: orders.mesh\r\n",
    "Host is replaced (RFC 9112 §3.2.2)",
  );
  assert.equal(at("GET HTTP://orders.mesh").path, "/");
  assert.equal(at("GET http://orders.mesh?a").path, "/?a");
  assert.equal(at("OPTIONS http://orders.mesh").path, "*");
  assert.equal(at("OPTIONS *").path, "*");
  assert.equal(at('BREW /pot|{}[]"`^\\').method, "BREW", "any token is a method");
});

test("keep-alive follows the version and Connection", () => {
  const keeps = (version: string, connection: string) =>
    read(`GET / HTTP/${version}\r\nHost: a\r\nConnection: ${connection}\r\n\r\n`).keepAlive;
  assert.equal(keeps("1.1", "foo"), true);
  assert.equal(keeps("1.1", "Foo, CLOSE"), false);
  assert.equal(keeps("1.1", "close, keep-alive"), false);
  assert.equal(keeps("1.0", ""), false);
  assert.equal(keeps("1.0", "Keep-Alive"), true);
  assert.equal(read("GET / HTTP/1.0\r\n\r\n").host, "");
});

test("an upgrade counts when Connection names it, in HTTP/1.1 and without a body", () => {
  const asks = (version: string, ...lines: string[]) =>
    read(`GET / HTTP/${version}\r\nHost: a\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`).upgrade;
  assert.equal(asks("1.1", "Connection: keep-alive, Upgrade", "Upgrade: websocket"), "websocket");
  assert.equal(asks("1.1", "Upgrade: websocket"), undefined);
  assert.equal(asks("1.0", "Connection: upgrade", "Upgrade: websocket"), undefined);
  assert.equal(asks("1.1", "Connection: upgrade", "Upgrade: echo", "Content-Length: 5"), undefined);
  for (const http of ["h2c", "H2C", "h2", "websocket, h2c", "HTTP/2.0", "TLS/1.0, HTTP/1.1", " http", "h3,x"])
    assert.equal(asks("1.1", "Connection: upgrade", `Upgrade: ${http}`), undefined, http);
  assert.equal(asks("1.1", "Connection: upgrade", "Upgrade: websocket", "Upgrade: h2c"), undefined);
  for (const other of ["httpfoo", "SPDY/3.1", "x-h2c", "echo/1, websocket"])
    assert.equal(asks("1.1", "Connection: upgrade", `Upgrade: ${other}`), other);
});

const REFUSED: readonly (readonly [string, string])[] = [
  ["no Host", "GET / HTTP/1.1\r\n\r\n"],
  ["two Hosts", withLines("Host: a", "Host: a")],
  ["a Host with user information", withLines("Host: a@b")],
  ["a Host with a path", withLines("Host: a/b")],
  ["a Host with a list", withLines("Host: a, b")],
  ["a space before the colon", withLines("Host: a", "Content-Length : 5")],
  ["a folded line", withLines("Host: a", "X: a", " b")],
  ["a folded first line", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"],
  ["a bare LF in a value", withLines("Host: a", "X: a\nContent-Length: 5")],
  ["a bare CR in a value", withLines("Host: a", "X: a\rContent-Length: 5")],
  ["a NUL", withLines("Host: a", "X: a\0b")],
  ["a DEL", withLines("Host: a", "X: a\x7fb")],
  ["a line without a colon", withLines("Host: a", "X")],
  ["a line without a name", withLines("Host: a", ": x")],
  ["a name with a control", withLines("Host: a", "X\x0b: x")],
  ["a name with a byte above ASCII", withLines("Host: a", "X\xa0: x")],
  ["a name in brackets", withLines("Host: a", "Content-Length[]: 5", "Transfer(Encoding: chunked")],
  ["two lengths", withLines("Host: a", "Content-Length: 5", "Content-Length: 6")],
  ["the same length twice", withLines("Host: a", "Content-Length: 5", "content-length: 5")],
  ["a list of lengths", withLines("Host: a", "Content-Length: 5, 5")],
  ["a signed length", withLines("Host: a", "Content-Length: +5")],
  ["a negative length", withLines("Host: a", "Content-Length: -5")],
  ["a hexadecimal length", withLines("Host: a", "Content-Length: 0x5")],
  ["a length with a point", withLines("Host: a", "Content-Length: 5.0")],
  ["a length with a space in it", withLines("Host: a", "Content-Length: 1 0")],
  ["a length after a no-break space", withLines("Host: a", "Content-Length: \xa05")],
  ["an empty length", withLines("Host: a", "Content-Length:")],
  ["a length that no number holds", withLines("Host: a", "Content-Length: 18446744073709551621")],
  ["a length and a coding", withLines("Host: a", "Content-Length: 5", "Transfer-Encoding: chunked")],
  ["a coding and a length", withLines("Host: a", "Transfer-Encoding: chunked", "Content-Length: 5")],
  ["two codings", withLines("Host: a", "Transfer-Encoding: chunked", "Transfer-Encoding: identity")],
  ["chunked twice", withLines("Host: a", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked")],
  ["an unknown coding", withLines("Host: a", "Transfer-Encoding: xchunked")],
  ["a coding in quotes", withLines("Host: a", 'Transfer-Encoding: "chunked"')],
  ["a coding with a parameter", withLines("Host: a", "Transfer-Encoding: chunked;q=1")],
  ["a coding behind a vertical tab", withLines("Host: a", "Transfer-Encoding: \x0bchunked")],
  ["a coding behind a no-break space", withLines("Host: a", "Transfer-Encoding: \xa0chunked")],
  ["chunked, but not last", withLines("Host: a", "Transfer-Encoding: chunked, identity")],
  ["a coding before a tab", withLines("Host: a", "Transfer-Encoding: chunked\t")],
  ["a length behind a tab", withLines("Host: a", "Content-Length:\t5")],
  ["an empty coding", withLines("Host: a", "Transfer-Encoding:")],
  ["a coding in HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"],
  ["Connection that names Host", withLines("Host: a", "Connection: close, Host")],
  [
    "Connection that names Content-Length",
    withLines("Host: a", "Connection: content-length", "Content-Length: 5"),
  ],
  ["Connection that names Transfer-Encoding", withLines("Host: a", "Connection: transfer-encoding")],
  ["Connection that names an identity", withLines("Host: a", "Connection: Weft-Caller")],
  ["Connection that names X-Forwarded-For", withLines("Host: a", "Connection: x-forwarded-for")],
  ["Connection that names Cookie", withLines("Host: a", "Connection: cookie")],
  ["Connection that is no list of names", withLines("Host: a", "Connection: a b")],
  ["HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n"],
  ["HTTP/2.0", "PRI * HTTP/2.0\r\n\r\n"],
  ["HTTP/0.9", "GET /\r\n\r\n"],
  ["a version in lower case", "GET / http/1.1\r\nHost: a\r\n\r\n"],
  ["two spaces in the request line", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a tab in the request line", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a space at the end of the request line", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"],
  ["a method that is no token", "GE(T / HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a target above ASCII", "GET /\xe4 HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a control in the target", "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a target that is no path", "GET a HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["https", "GET https://a/ HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a scheme without an authority", "GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["user information in the target", "GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["an asterisk for GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["CONNECT with a path", "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n"],
];

for (const [name, text] of REFUSED)
  test(`refuses ${name}`, () => {
    assert.equal(codeOf(text), "bad-request");
  });

test("what is not carried has its own code", () => {
  assert.equal(codeOf("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"), "unsupported");
  assert.equal(codeOf(withLines("Host: a", "Transfer-Encoding: gzip, chunked")), "unsupported");
});

test("limits have their own codes", () => {
  assert.equal(codeOf(`GET /${"a".repeat(256)} HTTP/1.1\r\nHost: a\r\n\r\n`), "target-too-long");
  assert.equal(codeOf(withLines("Host: a", ..."12345678".split("").map((n) => `X: ${n}`))), "head-too-large");
  const early = (text: string) => {
    const found = requestHeadText(Buffer.from(text, "latin1"), LIMITS);
    return typeof found === "object" ? found.code : found;
  };
  assert.equal(early(`GET /${"a".repeat(400)}`), "target-too-long");
  assert.equal(early(`GET / HTTP/1.1\r\nX: ${"a".repeat(2048)}`), "head-too-large");
  assert.equal(early(`GET / HTTP/1.1\r\nX: ${"a".repeat(2048)}\r\n\r\n`), "head-too-large");
  assert.equal(early("GET / HTTP/1.1\nHost: a\n\n"), "bad-request", "a bare LF is not waited on");
  assert.equal(early("\x16\x03\x01\x02\0\x01"), "bad-request", "neither is TLS");
  assert.equal(early("GET / HTTP/1.1\r\nHost: a\r"), undefined);
  assert.equal(
    early("\r\nGET / HTTP/1.1\r\n\r\n"),
    "GET / HTTP/1.1\r\n\r\n",
    "one empty line before is let pass",
  );
  assert.equal(codeOf("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"), "bad-request", "a second one is not");
});

test("a problem names the field", () => {
  const head = parse(withLines("Host: a", "X-Odd : 1"));
  assert.match(head.kind === "problem" ? head.message : "", /X-Odd/);
});

test("reading a head of the largest size is quick, well-formed or not", () => {
  const limits = { headBytes: 1 << 20, fields: 1 << 20, targetBytes: 1 << 20 };
  const lines = "a:\r\n".repeat(60_000);
  const startedAt = performance.now();
  parseRequestHead(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`, limits);
  parseRequestHead(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\n\r\n`, limits);
  parseRequestHead(`GET / HTTP/1.1\r\nHost: a\r\nx:${" ".repeat(500_000)}\x01\r\n\r\n`, limits);
  parseRequestHead(`GET / HTTP/1.1\r\nHost: a\r\nConnection:${" ,".repeat(100_000)}\r\n\r\n`, limits);
  assert.ok(performance.now() - startedAt < 10_000);
});
