import assert from "node:assert/strict";
import { test } from "node:test";
import { ask } from "../support/ask.ts";
import { gatewayMesh, gatewayRoute, to } from "../support/gateway.ts";
import { policy } from "../support/routed-mesh.ts";
import { until } from "../support/until.ts";
import { lines, wireTo } from "../support/wire.ts";

const HOST = "Host: shop.example.com";
const SMUGGLED = lines("GET /smuggled HTTP/1.1", HOST);
const answersIn = (text: string): number => text.match(/HTTP\/1\.1 \d/g)?.length ?? 0;
/** Each is believed by apps that stand behind some proxy or CDN. */
const CLIENT_ADDRESSES = [
  ...["cf-connecting-ip", "fastly-client-ip", "x-azure-clientip", "true-client-ip", "x-client-ip"],
  ...["x-cluster-client-ip", "fly-client-ip", "x-envoy-external-address", "cloudfront-viewer-address"],
];
const rewritten = (replacePrefixMatch: string) => ({
  type: "URLRewrite",
  urlRewrite: { path: { type: "ReplacePrefixMatch", replacePrefixMatch } },
});
/** What leads some app from `/pub/` to `/private/s.txt`. */
const OUT = [
  ...["../private/s.txt", "./../private/s.txt", "/../private/s.txt", "..", "a/../../private/s.txt?x=1"],
  ...["%2e%2e/private/s.txt", "%2E./private/s.txt", "..%2fprivate/s.txt", "x%2f..%2f../private/s.txt"],
  ...["%252e%252e/private/s.txt", "..%252fprivate/s.txt", "%25252e%25252e/private", "%%32%65%2e/private"],
  ...["..%5cprivate%5cs.txt", "..;/private/s.txt", "..;x=1/private/s.txt", "..%3b/private/s.txt"],
  ...["%c0%ae%c0%ae/private/s.txt", "..%c0%afprivate/s.txt", "%ef%bc%8e%ef%bc%8e/private", "%u002e./private"],
  ...["..%00/private/s.txt", "..%20/private/s.txt", `%${"25".repeat(2000)}2e./private/s.txt`],
];
/** Paths of ordinary apps, which only look a little like that. */
const HARMLESS = [
  ...[
    "/pub/a%2Fb",
    "/pub/..a/b..",
    "/pub/.well-known/x",
    "/pub/...",
    "/pub//x",
    "/pub/a;v=1/b",
    "/pub/100%25",
  ],
  ...["/pub/x?to=/../y", "/pub/https%3A%2F%2Fexample.com%2Fa.b", "/pub/%E2%82%AC%2e5", "/pub/%2egit"],
];

test("strangers at a gateway: what they claim to be, smuggle, and reach for", async (t) => {
  const { mesh, ask: outside, wire, http, https } = await gatewayMesh(t, { headTimeoutMs: 1500 });
  const { seen } = await mesh.echo("orders");
  const secret = await mesh.echo("billing");
  await mesh.apply(
    gatewayRoute("shop", ["shop.example.com", "pub.example.com"], [to("orders")]),
    // Time limits are the gateway's own: a stranger may not lengthen them.
    policy("gateway", { timeouts: { request: "5s" } }),
  );

  await t.test("no claim of identity, address, time or trace goes further", async () => {
    const headers = {
      "weft-caller": "billing",
      "Weft-Attempt": "7",
      weft_caller: "billing",
      "weft-timeout": "bogus",
      "grpc-timeout": "1n",
      "x-envoy-expected-rq-timeout-ms": "1",
      "x-forwarded-for": "10.0.0.1",
      "x-real-ip": "10.0.0.1",
      ...Object.fromEntries(CLIENT_ADDRESSES.map((name) => [name, "10.0.0.1"])),
      forwarded: "for=10.0.0.1",
      "x-forwarded-proto": "http",
      "x-forwarded-host": "admin.mesh",
      "x-request-id": "../../etc/passwd",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    };
    const { status, seen: got } = await outside("shop.example.com", "/", { headers });
    assert.equal(status, 200);
    const { headers: app } = got;
    assert.equal(app["weft-caller"], "gateway", "what the broker knows of the caller");
    assert.equal(app.weft_caller, undefined);
    assert.equal(app["x-forwarded-for"], "127.0.0.1");
    assert.equal(app["x-real-ip"], "127.0.0.1");
    for (const name of CLIENT_ADDRESSES) assert.equal(app[name], undefined, name);
    assert.equal(app.forwarded, undefined);
    assert.equal(app["x-forwarded-proto"], "https");
    assert.equal(app["x-forwarded-host"], "shop.example.com");
    assert.doesNotMatch(String(app["x-request-id"]), /passwd/);
    assert.doesNotMatch(String(app.traceparent), /0af7651916cd43dd8448eb211c80319c/);
    assert.equal(app["weft-attempt"], "1");
  });

  await t.test("nothing comes in behind a body: no trailer of a stranger goes further", async () => {
    for (const body of ["", "5\r\nhello\r\n"]) {
      const client = await wire();
      client.send(lines("POST /trailers HTTP/1.1", HOST, "Trailer: x-user", "Transfer-Encoding: chunked"));
      client.send(`${body}0\r\n${lines("x-user: root", "x_user: root", "x-real-ip: 10.0.0.1", "X-Sum: 1")}`);
      assert.match(await client.head(), /^HTTP\/1\.1 200 /);
      const echo = seen.find(({ path }) => path === "/trailers")!;
      assert.deepEqual([echo.trailers, echo.headers.trailer], [{}, undefined]);
      assert.equal(echo.body, body === "" ? "" : "hello");
      seen.splice(0);
      client.socket.destroy();
    }
  });

  await t.test("the rule of one path leads to no other by dot segments, in no spelling", async () => {
    await mesh.apply(
      gatewayRoute(
        "public",
        ["files.example.com"],
        [
          { matches: [{ path: { type: "PathPrefix", value: "/pub" } }], ...to("orders") },
          {
            matches: [{ path: { type: "PathPrefix", value: "/old" } }],
            filters: [rewritten("/pub")],
            ...to("orders"),
          },
        ],
      ),
    );
    const asking = async (path: string): Promise<string> => {
      const client = await wireTo(t, http);
      client.send(lines(`GET ${path} HTTP/1.1`, "Host: files.example.com"));
      const head = await client.head();
      client.socket.destroy();
      return head;
    };
    const before = seen.length;
    for (const prefix of ["/pub", "/old", "http://files.example.com/pub"])
      for (const way of OUT)
        assert.match(
          await asking(`${prefix}/${way}`),
          /^HTTP\/1\.1 400 [\s\S]*weft-error: bad-request/,
          prefix + way,
        );
    assert.equal(seen.length, before, "no app was asked");
    for (const path of HARMLESS) {
      assert.match(await asking(path), /^HTTP\/1\.1 200 /, path);
      assert.equal(seen.at(-1)?.path, path, "as it came");
    }
  });

  await t.test("no service is reached that no route names, by no spelling of its name", async () => {
    for (const host of [
      "orders.mesh",
      "billing.mesh",
      "v1.billing.mesh",
      "BILLING.mesh.",
      "billing",
      "127.0.0.1",
    ]) {
      const answer = await ask(http, host, "/secret");
      assert.deepEqual([answer.status, answer.headers["weft-error"]], [404, "no-route"], host);
    }
    for (const target of ["http://billing.mesh/secret", "http://billing.mesh:80/secret"]) {
      const client = await wireTo(t, http);
      client.send(lines(`GET ${target} HTTP/1.1`, HOST));
      assert.match(await client.head(), /^HTTP\/1\.1 404 /, "the target counts, not Host");
    }
    const client = await wireTo(t, http);
    client.send(lines("CONNECT billing.mesh:80 HTTP/1.1", "Host: billing.mesh:80"));
    assert.match(await client.head(), /^HTTP\/1\.1 501 /);
    assert.equal(secret.seen.length, 0);
  });

  await t.test(
    "a request that two parsers could read in two ways is refused, and what hides behind it never read",
    async () => {
      for (const sent of [
        `${lines("POST / HTTP/1.1", HOST, "Content-Length: 4", "Transfer-Encoding: chunked")}0\r\n\r\n`,
        `${lines("POST / HTTP/1.1", HOST, "Content-Length: 4", "Content-Length: 5")}abcd`,
        `${lines("POST / HTTP/1.1", HOST, "Transfer-Encoding : chunked")}0\r\n\r\n`,
        `${lines("POST / HTTP/1.1", HOST, "Transfer-Encoding: xchunked")}0\r\n\r\n`,
        `${lines("POST / HTTP/1.1", HOST, "Transfer-Encoding:\tchunked")}0\r\n\r\n`,
        `${lines("POST / HTTP/1.0", HOST, "Transfer-Encoding: chunked")}0\r\n\r\n`,
        lines("GET / HTTP/1.1", HOST, "Host: billing.mesh"),
        lines("GET / HTTP/1.1", HOST, " Host: billing.mesh"),
        `GET / HTTP/1.1\n${HOST}\n\n`,
        lines("GET / HTTP/1.1", "X-A: 1"),
        lines("GET / HTTP/1.1", HOST, "Connection: x-forwarded-for"),
        lines("GET http://shop.example.com@billing.mesh/ HTTP/1.1", HOST),
      ]) {
        const client = await wire();
        client.send(sent + SMUGGLED);
        const answer = await client.rest();
        assert.match(answer, /^HTTP\/1\.1 (?:400|501) /, sent);
        assert.equal(answersIn(answer), 1, answer);
      }
      assert.deepEqual(
        seen.filter(({ path }) => path === "/smuggled"),
        [],
      );
    },
  );

  await t.test("a connection made for one host is not used for another: 421", async () => {
    const answer = await outside("pub.example.com", "/", { servername: "shop.example.com" });
    assert.deepEqual([answer.status, answer.headers["weft-error"]], [421, "misdirected"]);
    const client = await wire("shop.example.com");
    client.send(lines("GET http://pub.example.com/ HTTP/1.1", HOST));
    assert.match(await client.head(), /^HTTP\/1\.1 421 /);
    assert.equal(
      (await outside("SHOP.example.com.:443", "/", { servername: "shop.example.com" })).status,
      200,
    );
    assert.equal(
      (await outside("shop.example.com", "/", { servername: "" })).status,
      200,
      "no name, no claim",
    );
  });

  await t.test(
    "plain HTTP, garbage and half a handshake at the TLS port cost a connection and nothing else",
    async () => {
      for (const sent of [SMUGGLED, "\x16\x03\x01\x02\x00garbage", "\x00".repeat(2000)]) {
        const client = await wireTo(t, https);
        client.send(sent);
        await client.rest();
      }
      assert.equal((await outside("shop.example.com")).status, 200);
    },
  );
});

test("limits of a gateway: slow heads, long heads and bodies, connections and requests of one client", async (t) => {
  const { mesh, wire, http, https, sidecar } = await gatewayMesh(t, {
    headTimeoutMs: 300,
    maxBodyBytes: 1000,
    maxConnectionsPerClient: 6,
    ratePerClient: { requests: 10, intervalMs: 60_000, burst: 10 },
  });
  const { seen } = await mesh.echo("orders");
  await mesh.apply(gatewayRoute("all", undefined, [to("orders")]));

  await t.test("who sends his head byte by byte, or no handshake, is cut off", async () => {
    const slow = await wire();
    slow.send(`GET / HTTP/1.1\r\n${HOST}\r\nX-A: `);
    const drip = setInterval(() => slow.send("a"), 50);
    drip.unref();
    assert.match(await slow.rest(), /^HTTP\/1\.1 408 [\s\S]*weft-error: request-timeout/);
    clearInterval(drip);
    assert.equal(await (await wireTo(t, https)).rest(), "", "no handshake");
    assert.equal(await (await wireTo(t, http)).rest(), "", "no head");
  });

  await t.test(
    "heads and bodies beyond their limits are refused, also those that tell no length",
    async () => {
      const long = await wire();
      long.send(`GET / HTTP/1.1\r\n${HOST}\r\nX-A: ${"a".repeat(40_000)}`);
      assert.match(await long.rest(), /^HTTP\/1\.1 431 /);
      const told = await wire();
      told.send(lines("POST /big HTTP/1.1", HOST, "Content-Length: 1001"));
      assert.match(await told.rest(), /^HTTP\/1\.1 413 [\s\S]*weft-error: body-too-large/);
      const chunks = await wire();
      chunks.send(lines("POST /chunks HTTP/1.1", HOST, "Transfer-Encoding: chunked"));
      chunks.send(`1f4\r\n${"a".repeat(500)}\r\n`);
      chunks.send(`1f5\r\n${"a".repeat(501)}\r\n0\r\n\r\n`);
      assert.match(await chunks.rest(), /^HTTP\/1\.1 413 [\s\S]*weft-error: body-too-large/);
      const fits = await wire();
      fits.send(`${lines("POST /fits HTTP/1.1", HOST, "Content-Length: 1000")}${"a".repeat(1000)}`);
      assert.match(await fits.head(), /^HTTP\/1\.1 200 /);
      fits.socket.destroy();
      assert.ok(seen.some(({ path }) => path === "/fits"));
      assert.ok(!seen.some(({ path, body }) => path !== "/fits" && body.length > 1000));
    },
  );

  await t.test("one client has so many connections, and so many requests in a time", async () => {
    const open = await Promise.all(Array.from({ length: 12 }, () => wireTo(t, http)));
    await until(() => open.filter(({ closed }) => closed).length >= 6, { what: "the others to be closed" });
    for (const { socket } of open) socket.destroy();
    const config = async () => (await fetch(`http://${sidecar.admin}/config`)).text();
    await until(async () => (await config()).includes('"connections": 0'), { what: "all to be counted off" });
    const answers: number[] = [];
    for (let n = 0; n < 12; n++) answers.push((await ask(http, "a.example.com")).status);
    assert.ok(answers.includes(429), String(answers));
    const refused = await ask(http, "a.example.com");
    assert.equal(refused.headers["weft-error"], "rate-limited");
    assert.ok(Number(refused.headers["retry-after"]) >= 1);
  });
});
