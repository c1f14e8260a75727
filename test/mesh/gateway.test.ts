import assert from "node:assert/strict";
import { Agent, request as requestTls } from "node:https";
import { test } from "node:test";
import { ask } from "../support/ask.ts";
import { gatewayMesh, gatewayRoute, to } from "../support/gateway.ts";
import { handledApp } from "../support/mesh.ts";
import { policy } from "../support/routed-mesh.ts";
import { until } from "../support/until.ts";
import { lines } from "../support/wire.ts";

test("requests from outside go by host and path to services, and a change acts on live traffic", async (t) => {
  const { mesh, ask: outside, sidecar } = await gatewayMesh(t);
  await mesh.echo("orders");
  await mesh.echo("stock");
  await mesh.apply(
    gatewayRoute(
      "shop",
      ["shop.example.com"],
      [
        {
          matches: [{ path: { value: "/api" } }],
          filters: [
            {
              type: "URLRewrite",
              urlRewrite: { path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/v1" } },
            },
          ],
          ...to("orders"),
        },
      ],
    ),
    gatewayRoute("rest", ["*.example.com"], [{ ...to("stock") }]),
  );
  const served = async (host: string, path: string) => {
    const { status, seen } = await outside(host, path);
    return status === 200 ? `${seen.service} ${seen.path}` : status;
  };
  assert.equal(await served("shop.example.com", "/api/orders?a=1"), "orders /v1/orders?a=1");
  assert.equal(await served("www.example.com", "/api"), "stock /api");
  assert.equal(await served("shop.example.com", "/else"), "stock /else", "a wider host name is next");
  assert.equal(await served("example.com", "/api"), 404);

  const unknown = await outside("example.com", "/");
  assert.equal(unknown.headers["weft-error"], "no-route");
  assert.equal(unknown.text, "Not Found (no-route)\n");

  await mesh.apply(gatewayRoute("rest", ["*.example.com"], [{ ...to("orders") }]));
  assert.equal(await served("www.example.com", "/api"), "orders /api");

  const health = await fetch(`http://${sidecar.admin}/healthz`);
  assert.deepEqual([health.status, await health.text()], [200, "ok\n"]);
});

test("the redirect of a route keeps the scheme of the request; --redirect sends plain HTTP to https", async (t) => {
  const { mesh, ask: outside, http } = await gatewayMesh(t, {}, { redirectPort: 443 });
  await mesh.apply(
    gatewayRoute(
      "moved",
      ["old.example.com"],
      [{ filters: [{ type: "RequestRedirect", requestRedirect: { hostname: "new.example.com" } }] }],
    ),
  );
  const moved = await outside("old.example.com", "/a?b=1");
  assert.deepEqual([moved.status, moved.headers.location], [302, "https://new.example.com/a?b=1"]);
  const plain = await ask(http, "old.example.com:80", "/a?b=1");
  assert.deepEqual([plain.status, plain.headers.location], [308, "https://old.example.com/a?b=1"]);
  assert.equal((await ask(http, "evil.org", "/")).status, 404, "only hosts of routes are pointed to");
});

test("sections part the routes of plain HTTP and of TLS; a client of TLS 1.1 or HTTP/2 alone is turned away", async (t) => {
  const { mesh, ask: outside, http, wire } = await gatewayMesh(t);
  await mesh.echo("orders");
  await mesh.apply(gatewayRoute("tls", undefined, [to("orders")], { sectionName: "https" }));
  assert.equal((await outside("a.example.com")).seen.headers["x-forwarded-proto"], "https");
  assert.equal((await ask(http, "a.example.com")).status, 404);
  await assert.rejects(wire("a.example.com", { maxVersion: "TLSv1.1", minVersion: "TLSv1" }));
  await assert.rejects(wire("a.example.com", { ALPNProtocols: ["h2"] }));
});

test("an upload, a download and a failing service pass the gateway; what is inside is not told outside", async (t) => {
  const { mesh, ask: outside } = await gatewayMesh(t);
  await mesh.echo("orders");
  const { sidecar: leaving } = await mesh.echo("stock");
  await mesh.apply(
    gatewayRoute("a", ["a.example.com"], [to("orders")]),
    gatewayRoute("b", ["b.example.com"], [to("stock")]),
    policy("gateway", { timeouts: { request: "2s" } }),
  );
  const body = "x".repeat(3_000_000);
  const big = await outside("a.example.com", "/", { method: "POST", body });
  assert.equal((JSON.parse(big.text) as { body: string }).body.length, body.length);
  await leaving.close(0);
  const failed = await outside("b.example.com");
  assert.ok(failed.status >= 500);
  assert.match(failed.text, /^[A-Za-z ]+ \([a-z-]+\)\n$/);
  assert.doesNotMatch(failed.text, /stock|weft/);
  assert.ok(failed.headers["x-request-id"], "with what weft explain asks for");
});

test("certificates are chosen by server name, and read again under load without one failed request", async (t) => {
  const { mesh, outside, https, ask: one, sidecar } = await gatewayMesh(t);
  await mesh.echo("orders");
  await mesh.apply(gatewayRoute("all", undefined, [to("orders")]));
  const before = (await one("a.example.com")).fingerprint;
  const agent = new Agent({ keepAlive: true, ca: outside.ca, maxSockets: 8 });
  t.after(() => agent.destroy());
  const port = Number(https.split(":").at(-1));
  let stopped = false;
  const ends: (number | string)[] = [];
  const kept = () =>
    new Promise<number | string>((resolve) => {
      const headers = { host: "a.example.com" };
      const options = { host: "127.0.0.1", port, servername: "a.example.com", headers, agent };
      requestTls(options, (response) => response.resume().on("end", () => resolve(response.statusCode ?? 0)))
        .on("error", ({ message }) => resolve(message))
        .end();
    });
  const work = async (call: () => Promise<number | string>) => {
    while (!stopped) ends.push(await call());
  };
  const workers = [
    ...Array.from({ length: 4 }, () => work(kept)),
    ...Array.from({ length: 2 }, () => work(() => one("a.example.com").then(({ status }) => status, String))),
  ];
  await outside.files("first", "*.example.com", "example.com");
  await until(async () => (await one("a.example.com")).fingerprint !== before, {
    what: "the new certificate",
  });
  const count = ends.length;
  await until(() => ends.length > count + 50);
  stopped = true;
  await Promise.all(workers);
  assert.deepEqual(
    ends.filter((end) => end !== 200),
    [],
  );
  assert.ok(sidecar.said.some((line) => line.includes("was read again")));
});

test("a gateway that leaves ends what is under way, and takes nothing more", async (t) => {
  const { mesh, sidecar, http } = await gatewayMesh(t);
  const app = await handledApp(t);
  await mesh.serve("orders", app);
  await mesh.apply(gatewayRoute("all", undefined, [to("orders")]));
  const answer = ask(http, "a.example.com", "/slow");
  const { response } = await app.next();
  const left = sidecar.leave(5000);
  assert.equal((await fetch(`http://${sidecar.admin}/healthz`)).status, 503);
  await assert.rejects(ask(http, "a.example.com", "/more"));
  response.end("done");
  assert.equal((await answer).text, "done");
  await left;
});

test("the client's address, scheme and host reach the app as trusted proxies wrote them", async (t) => {
  const { mesh, http } = await gatewayMesh(t, { trustedHops: 2 });
  await mesh.echo("orders");
  await mesh.apply(gatewayRoute("all", undefined, [to("orders")]));
  const headers = {
    "x-forwarded-for": "6.6.6.6, 203.0.113.9, 10.0.0.1",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "public.example.com",
    "x-request-id": "id-of-the-edge",
  };
  const { text } = await ask(http, "a.example.com", "/", { headers });
  const seen = JSON.parse(text).headers;
  assert.equal(seen["x-forwarded-for"], "203.0.113.9, 10.0.0.1, 127.0.0.1");
  assert.equal(seen["x-real-ip"], "203.0.113.9");
  assert.equal(seen["x-forwarded-proto"], "https");
  assert.equal(seen["x-forwarded-host"], "public.example.com");
  assert.equal(seen["x-request-id"], "id-of-the-edge");
});

test("a WebSocket-like upgrade passes a gateway over TLS", async (t) => {
  const { mesh, wire } = await gatewayMesh(t);
  const app = await handledApp(t);
  app.server.on("upgrade", (_request, socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n");
    socket.on("data", (bytes) => socket.write(`<${bytes}>`));
  });
  await mesh.serve("orders", app);
  await mesh.apply(gatewayRoute("all", undefined, [to("orders")]));
  const client = await wire();
  client.send(lines("GET / HTTP/1.1", "Host: shop.example.com", "Upgrade: x", "Connection: upgrade"));
  assert.match(await client.head(), /^HTTP\/1.1 101 /);
  client.send("hello");
  await client.upTo("<hello>");
});
