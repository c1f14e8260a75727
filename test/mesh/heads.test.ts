import assert from "node:assert/strict";
import { test } from "node:test";
import { meshPair } from "../support/mesh-pair.ts";
import { natsServers } from "../support/servers.ts";
import { lines, wireApp, wireTo } from "../support/wire.ts";

const REQUEST_ID = /^x-request-id: [0-9a-z]+-[0-9a-z]+$/;
const TRACEPARENT = /^traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/;

for (const server of natsServers()) {
  test(`nats-server ${server.label}: case, order, spacing and repeats of header fields travel byte for byte`, async (t) => {
    const app = await wireApp(t);
    const { shop } = await meshPair(t, app, { server });
    const client = await wireTo(t, shop.listen);
    const asWritten = [
      "hOsT: orders.mesh",
      "X-Dup: one",
      "accept:*/*",
      "x-dup:   two  ",
      'ETag-Like: "caf\xe9"',
      "X-DUP: three",
      "X-Empty:",
      "Cookie: a=1; b=2",
    ];
    client.send(lines("PATCH /a/../b%20c;d?x=1&x=2 HTTP/1.1", ...asWritten));

    const asked = await app.accept();
    const [requestLine, ...fields] = (await asked.head()).trimEnd().split("\r\n");
    assert.equal(requestLine, "PATCH /a/../b%20c;d?x=1&x=2 HTTP/1.1");
    assert.deepEqual(fields.slice(0, asWritten.length), asWritten);
    const [id, proto, host, client4, via, trace, caller, attempt, timeout, ...more] = fields.slice(
      asWritten.length,
    );
    assert.match(id!, REQUEST_ID);
    assert.deepEqual(
      [proto, host, client4, via],
      [
        "x-forwarded-proto: http",
        "x-forwarded-host: orders.mesh",
        "x-forwarded-for: 127.0.0.1",
        "via: 1.1 weft",
      ],
    );
    assert.match(trace!, TRACEPARENT);
    assert.deepEqual([caller, attempt], ["weft-caller: shop", "weft-attempt: 1"]);
    assert.match(timeout!, /^weft-timeout: 1(?:5000|49\d\d)ms$/);
    assert.deepEqual(more, []);

    const answer = [
      "HTTP/1.1 207 Many\xe4 Things",
      "SET-cookie: a=1",
      "Date: Mon, 01 Jan 2001 00:00:00 GMT",
      "Set-Cookie:b=2",
      "Content-length: 5",
      "set-cookie: c=3  ",
      "Server: none of your business",
    ];
    asked.send(`${lines(...answer)}hello`);
    assert.equal(await client.head(), lines(...answer));
    assert.equal(await client.take(5), "hello");
    assert.equal(client.received, "");
  });
}

test("what an app says of tracing and of proxies before us is kept and added to", async (t) => {
  const app = await wireApp(t);
  const { shop } = await meshPair(t, app);
  const client = await wireTo(t, shop.listen);
  const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
  const own = [
    "X-Request-Id: mine",
    `Traceparent: ${trace}`,
    "Tracestate: vendor=1",
    "Baggage: k=v",
    "X-Forwarded-For: 192.0.2.1",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Host: public.example",
    "Via: 1.1 edge",
  ];
  client.send(lines("GET / HTTP/1.1", "Host: orders.mesh", ...own));
  const fields = (await (await app.accept()).head()).split("\r\n");
  for (const line of own) assert.ok(fields.includes(line), line);
  const named = (name: string) => fields.filter((line) => line.toLowerCase().startsWith(`${name}:`));
  assert.equal(named("x-request-id").length, 1);
  assert.equal(named("traceparent").length, 1);
  assert.deepEqual(named("x-forwarded-proto"), ["X-Forwarded-Proto: https"]);
  assert.deepEqual(named("x-forwarded-host"), ["X-Forwarded-Host: public.example"]);
  assert.deepEqual(named("x-forwarded-for"), ["X-Forwarded-For: 192.0.2.1", "x-forwarded-for: 127.0.0.1"]);
  assert.deepEqual(named("via"), ["Via: 1.1 edge", "via: 1.1 weft"]);
});

test("hop-by-hop fields stop at the sidecar, in both directions", async (t) => {
  const app = await wireApp(t);
  const { shop } = await meshPair(t, app);
  const client = await wireTo(t, shop.listen);
  const hops = [
    "Keep-Alive: timeout=5",
    "Proxy-Connection: keep-alive",
    "TE: trailers",
    "Proxy-Authorization: Basic c2VjcmV0",
    "X-Hop: one",
    "Connection: keep-alive, X-Hop",
    "Upgrade: h2c",
    "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
    "Connection: HTTP2-Settings",
  ];
  client.send(lines("GET / HTTP/1.1", "Host: orders.mesh", "X-Before: 1", ...hops, "X-After: 2"));
  const asked = await app.accept();
  const head = await asked.head();
  assert.match(head, /^GET \/ HTTP\/1.1\r\nHost: orders.mesh\r\nX-Before: 1\r\nX-After: 2\r\nx-request-id/);
  assert.doesNotMatch(head, /keep-alive|proxy-|^te:|secret|x-hop|connection|upgrade|http2-settings/im);

  asked.send(
    lines(
      "HTTP/1.1 200 OK",
      "X-Before: 1",
      "Keep-Alive: timeout=5",
      "Connection: keep-alive, X-Hop",
      "X-Hop: one",
      "Proxy-Authenticate: Basic",
      "Content-Length: 0",
      "X-After: 2",
    ),
  );
  assert.equal(
    await client.head(),
    lines("HTTP/1.1 200 OK", "X-Before: 1", "Content-Length: 0", "X-After: 2"),
  );
});

test("nobody but the mesh says weft-…: neither the calling app nor the called one is believed", async (t) => {
  const app = await wireApp(t);
  const { shop } = await meshPair(t, app);
  const client = await wireTo(t, shop.listen);
  client.send(
    lines(
      "GET / HTTP/1.1",
      "Host: orders.mesh",
      "weft-caller: admin",
      "Weft-Attempt: 9",
      "WEFT-Anything: x",
      "X-Kept: 1",
      "weft-timeout: 9s",
    ),
  );
  const asked = await app.accept();
  const fields = (await asked.head()).split("\r\n").filter((line) => /^weft-/i.test(line));
  assert.deepEqual(fields.slice(0, 2), ["weft-caller: shop", "weft-attempt: 1"]);
  assert.match(fields[2]!, /^weft-timeout: (?:9000|8\d{3})ms$/);
  assert.equal(fields.length, 3);

  asked.send(lines("HTTP/1.1 503 Busy", "Weft-Error: denied", "X-Kept: 1", "Content-Length: 0"));
  assert.equal(await client.head(), lines("HTTP/1.1 503 Busy", "X-Kept: 1", "Content-Length: 0"));
});
