import assert from "node:assert/strict";
import { test } from "node:test";
import { meshPair } from "../support/mesh-pair.ts";
import { lines, wireApp, wireTo } from "../support/wire.ts";

const HOST = "Host: orders.mesh";
/** Behind each refused request, as a smuggler would have it. */
const SMUGGLED = lines("GET /smuggled HTTP/1.1", HOST);

const BAD: readonly [what: string, sent: string][] = [
  [
    "both length and chunks",
    `${lines("POST / HTTP/1.1", HOST, "Content-Length: 4", "Transfer-Encoding: chunked")}0\r\n\r\n`,
  ],
  [
    "both, the other way round",
    `${lines("POST / HTTP/1.1", HOST, "Transfer-Encoding: chunked", "Content-Length: 5")}0\r\n\r\n`,
  ],
  ["two lengths", `${lines("POST / HTTP/1.1", HOST, "Content-Length: 4", "Content-Length: 5")}abcd`],
  [
    "the same length twice",
    `${lines("POST / HTTP/1.1", HOST, "Content-Length: 4", "Content-Length: 4")}abcd`,
  ],
  ["a list of lengths", `${lines("POST / HTTP/1.1", HOST, "Content-Length: 4, 4")}abcd`],
  ["a length with a sign", `${lines("POST / HTTP/1.1", HOST, "Content-Length: +4")}abcd`],
  ["a length in hex", `${lines("POST / HTTP/1.1", HOST, "Content-Length: 0x4")}abcd`],
  ["a huge length", lines("POST / HTTP/1.1", HOST, "Content-Length: 99999999999999999999")],
  ["a space before the colon", `${lines("POST / HTTP/1.1", HOST, "Content-Length : 4")}abcd`],
  ["a folded line", lines("GET / HTTP/1.1", HOST, "X-A: 1", " folded")],
  ["a bare LF", `GET / HTTP/1.1\n${HOST}\n\n`],
  ["a bare CR in a value", lines("GET / HTTP/1.1", HOST, "X-A: 1\rX-B: 2")],
  ["a NUL in a value", lines("GET / HTTP/1.1", HOST, "X-A: 1\0")],
  ["no colon", lines("GET / HTTP/1.1", HOST, "nonsense")],
  ["an empty name", lines("GET / HTTP/1.1", HOST, ": x")],
  ["no host", lines("GET / HTTP/1.1", "X-A: 1")],
  ["two hosts", lines("GET / HTTP/1.1", HOST, "Host: other.mesh")],
  ["an odd host", lines("GET / HTTP/1.1", "Host: orders.mesh/path")],
  ["a fragment", lines("GET /a#b HTTP/1.1", HOST)],
  ["a blank in the target", lines("GET /a b HTTP/1.1", HOST)],
  ["two blanks", lines("GET  / HTTP/1.1", HOST)],
  ["HTTP/1.2", lines("GET / HTTP/1.2", HOST)],
  ["HTTP/2", lines("PRI * HTTP/2.0")],
  ["TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"],
  ["a target that is no path", lines("GET orders HTTP/1.1", HOST)],
  ["a user in the target", lines("GET http://me@orders.mesh/ HTTP/1.1", HOST)],
  ["* for GET", lines("GET * HTTP/1.1", HOST)],
  ["chunks in HTTP/1.0", `${lines("POST / HTTP/1.0", HOST, "Transfer-Encoding: chunked")}0\r\n\r\n`],
  [
    "an odd chunk length",
    `${lines("POST / HTTP/1.1", HOST, "Transfer-Encoding: chunked")}0x4\r\nabcd\r\n0\r\n\r\n`,
  ],
  ["a chunk with a bare LF", `${lines("POST / HTTP/1.1", HOST, "Transfer-Encoding: chunked")}4\nabcd\n0\n\n`],
  [
    "a chunk longer than said",
    `${lines("POST / HTTP/1.1", HOST, "Transfer-Encoding: chunked")}4\r\nabcdef\r\n0\r\n\r\n`,
  ],
  [
    "Connection that hides the length",
    `${lines("POST / HTTP/1.1", HOST, "Content-Length: 4", "Connection: content-length")}abcd`,
  ],
];

const answersIn = (text: string): number => text.match(/HTTP\/1\.1 \d/g)?.length ?? 0;

test("what could be read in two ways is refused with 400 and closed, and what hides behind it is never read", async (t) => {
  const app = await wireApp(t);
  const { shop } = await meshPair(t, app);
  for (const [what, sent] of BAD) {
    const client = await wireTo(t, shop.listen);
    client.send(sent + SMUGGLED);
    const answer = await client.rest();
    assert.match(answer, /^HTTP\/1.1 400 Bad Request\r\nweft-error: bad-request\r\n/, what);
    assert.equal(answersIn(answer), 1, `${what}: more than one answer: ${answer}`);
  }
  const client = await wireTo(t, shop.listen);
  client.send(lines("GET /first HTTP/1.1", HOST));
  assert.match(await (await app.accept()).head(), /^GET \/first /, "the app has seen none of them");
});

test("another transfer coding than chunked is refused with 501", async (t) => {
  const app = await wireApp(t);
  const { shop } = await meshPair(t, app);
  for (const coding of ["gzip, chunked", "xchunked", "identity"]) {
    const client = await wireTo(t, shop.listen);
    client.send(`${lines("POST / HTTP/1.1", HOST, `Transfer-Encoding: ${coding}`)}0\r\n\r\n${SMUGGLED}`);
    const answer = await client.rest();
    assert.match(answer, /^HTTP\/1.1 (?:501 Not Implemented\r\nweft-error: unsupported|400)/, coding);
    assert.equal(answersIn(answer), 1, answer);
  }
});

test("heads have limits: 431 for size and count, 414 for the target", async (t) => {
  const app = await wireApp(t);
  const { shop } = await meshPair(t, app);
  const many = (count: number) => Array.from({ length: count }, (_, i) => `X-${i}: ${i}`);
  const refused: [sent: string, expected: RegExp][] = [
    [lines("GET / HTTP/1.1", HOST, ...many(128)), /^HTTP\/1.1 431 .*\r\nweft-error: head-too-large/],
    [
      lines("GET / HTTP/1.1", HOST, `X-A: ${"a".repeat(32 * 1024)}`),
      /^HTTP\/1.1 431 .*\r\nweft-error: head-too-large/,
    ],
    // It never ends, and is refused all the same.
    [`GET / HTTP/1.1\r\n${HOST}\r\nX-A: ${"a".repeat(40 * 1024)}`, /^HTTP\/1.1 431 /],
    [
      lines(`GET /${"a".repeat(8 * 1024)} HTTP/1.1`, HOST),
      /^HTTP\/1.1 414 .*\r\nweft-error: target-too-long/,
    ],
    [`GET /${"a".repeat(64 * 1024)}`, /^HTTP\/1.1 414 /],
  ];
  for (const [sent, expected] of refused) {
    const client = await wireTo(t, shop.listen);
    client.send(sent);
    assert.match(await client.rest(), expected);
  }
  const client = await wireTo(t, shop.listen);
  const longest = `/${"a".repeat(8 * 1024 - 1)}`;
  client.send(lines(`GET ${longest} HTTP/1.1`, HOST, ...many(127)));
  assert.ok((await (await app.accept()).head()).startsWith(`GET ${longest} HTTP/1.1\r\n`));
});

test("an app that answers in no way or in two is reported as app-protocol, and its answer goes nowhere", async (t) => {
  const app = await wireApp(t);
  const { shop } = await meshPair(t, app);
  const answers = [
    "SSH-2.0-OpenSSH_9.6\r\n\r\n",
    lines("HTTP/1.1 200 OK", "Content-Length: 3", "Content-Length: 4"),
    lines("HTTP/1.1 200 OK", "Content-Length: 3", "Transfer-Encoding: chunked"),
    lines("HTTP/1.1 200 OK", "Transfer-Encoding: gzip"),
    lines("HTTP/1.1 200 OK", "X-A : 1"),
    lines("HTTP/1.1 101 Switching Protocols", "Upgrade: x", "Connection: upgrade"),
    `${lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")}zz\r\n`,
  ];
  for (const answer of answers) {
    const client = await wireTo(t, shop.listen);
    client.send(lines("GET / HTTP/1.1", HOST));
    const asked = await app.accept();
    await asked.head();
    asked.send(answer);
    const head = await client.head();
    assert.match(head, /^HTTP\/1.1 502 Bad Gateway\r\nweft-error: app-protocol\r\n/, answer);
  }
});
