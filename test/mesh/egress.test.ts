import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { ask } from "../support/ask.ts";
import { connectTo, egressMesh } from "../support/egress.ts";
import { outsideCa } from "../support/gateway.ts";
import { testApp } from "../support/mesh.ts";
import { value } from "../support/metrics.ts";
import { RawPeer } from "../support/raw.ts";
import { until } from "../support/until.ts";

const LOCAL = { addresses: ["127.0.0.0/8", "::1/128"] };

/** A server outside that the test drives byte by byte. */
async function outsideServer(t: TestContext) {
  const peers: RawPeer[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => void peers.push(new RawPeer(socket)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const { socket } of peers) socket.destroy();
    server.close();
  });
  const next = async (): Promise<RawPeer> => {
    await until(() => peers.length > 0, { what: "a connection" });
    return peers.shift()!;
  };
  return { port: (server.address() as AddressInfo).port, next, peers };
}

test("plain HTTP goes to the hosts that policy names, and a change acts on live traffic", async (t) => {
  const { shop, allow } = await egressMesh(t);
  const app = await testApp(t, (request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () =>
      response.end(JSON.stringify({ url: request.url, headers: request.headers, body })),
    );
  });
  const host = `localhost:${app.port}`;
  const without = await ask(shop.listen, host);
  assert.deepEqual([without.status, without.headers["weft-error"]], [421, "not-mesh"]);

  await allow({ hosts: [{ host: "localhost", ports: [app.port], methods: ["GET", "POST"], ...LOCAL }] });
  const headers = { "weft-secret": "1", "x-own": "2" };
  const body = "x".repeat(500_000);
  const answer = await ask(shop.listen, host, `http://${host}/a?b=1`, { method: "POST", headers, body });
  assert.equal(answer.status, 200);
  const seen = JSON.parse(answer.text);
  assert.deepEqual([seen.url, seen.body.length, seen.headers.host], ["/a?b=1", body.length, host]);
  assert.equal(seen.headers["x-own"], "2");
  for (const name of ["weft-secret", "traceparent", "x-forwarded-for", "x-request-id"])
    assert.equal(seen.headers[name], undefined, name);
  const refused = await ask(shop.listen, host, "/", { method: "DELETE" });
  assert.deepEqual([refused.status, refused.headers["weft-error"]], [403, "egress-denied"]);
  assert.match(refused.text, /the rule for localhost is not for DELETE/);

  await allow({ hosts: [{ host: "api.example.com" }] });
  assert.equal((await ask(shop.listen, host)).status, 403);
  assert.ok(shop.said.some((line) => /egress denied: shop may not call "localhost:\d+"/.test(line)));
  const text = await (await fetch(`http://${shop.admin}/metrics`)).text();
  const family = "http_client_request_duration_seconds_count";
  assert.equal(value(text, family, { weft_caller: "shop", weft_callee: "egress:localhost" }), 1);
  assert.equal(value(text, family, { weft_callee: "egress:none", http_request_method: "DELETE" }), 1);
  assert.doesNotMatch(text, new RegExp(`egress:[^"]*${app.port}`), "no port or host that somebody made up");
});

test("TLS goes through a tunnel, end to end; an open tunnel outlives the rule that it was opened by", async (t) => {
  const { shop, allow } = await egressMesh(t);
  const outside = await outsideCa(t);
  const files = await outside.files("api", "localhost");
  const server = createTlsServer(
    { cert: readFileSync(files.cert), key: readFileSync(files.key) },
    (request, response) => response.end(`hello from ${request.headers.host}`),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  await allow({ hosts: [{ host: "localhost", ports: [port], ...LOCAL }] });
  const { wire, head } = await connectTo(t, shop.listen, `localhost:${port}`);
  assert.equal(head, "HTTP/1.1 200 Connection established\r\n\r\n");
  wire.socket.removeAllListeners("data");
  const tls = connectTls({ socket: wire.socket, servername: "localhost", ca: outside.ca });
  await new Promise((resolve, reject) => tls.once("secureConnect", resolve).once("error", reject));
  const inside = new RawPeer(tls);
  await allow({});
  inside.send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  assert.match(await inside.wholeText(), /hello from localhost/);
  assert.match((await connectTo(t, shop.listen, `localhost:${port}`)).head, /^HTTP\/1\.1 403 /);
});

test("a tunnel carries both directions by themselves: half-closed, slow, and broken", async (t) => {
  const server = await outsideServer(t);
  const { shop } = await egressMesh(t, { hosts: [{ host: "127.0.0.1", ports: [server.port], ...LOCAL }] });
  const to = `127.0.0.1:${server.port}`;

  await t.test("the client ends his half, and still hears the other", async () => {
    const { wire } = await connectTo(t, shop.listen, to);
    const peer = await server.next();
    wire.send("question");
    wire.socket.end();
    await until(() => peer.ended);
    assert.equal(peer.received, "question");
    peer.socket.end("answer");
    assert.equal(await wire.rest(), "answer");
  });

  await t.test("a reader that holds back holds the writer back, and nothing is lost", async () => {
    const { wire } = await connectTo(t, shop.listen, to);
    const peer = await server.next();
    wire.socket.pause();
    const chunk = Buffer.alloc(64 * 1024, "x");
    let sent = 0;
    // More than all socket buffers on the way can hold.
    const total = 64 * 1024 * 1024;
    const pump = () => {
      while (sent < total) {
        sent += chunk.length;
        if (!peer.socket.write(chunk)) {
          peer.socket.once("drain", pump);
          return;
        }
      }
      peer.socket.end();
    };
    pump();
    let before = -1;
    await until(
      async () => {
        const same = sent === before;
        before = sent;
        await new Promise((resolve) => setTimeout(resolve, 100));
        return same;
      },
      { what: "the writer to be held back" },
    );
    assert.ok(sent < total, `${sent} bytes went while nobody read`);
    const hash = createHash("sha256");
    let received = 0;
    wire.socket.removeAllListeners("data");
    wire.socket.on("data", (bytes) => {
      received += bytes.length;
      hash.update(bytes);
    });
    wire.socket.resume();
    await until(() => wire.ended, { withinMs: 20_000, what: "the end" });
    assert.equal(received, total);
  });

  await t.test("when one end breaks, the other hears of it", async () => {
    const first = await connectTo(t, shop.listen, to);
    const peer = await server.next();
    peer.socket.resetAndDestroy();
    await first.wire.rest();
    const second = await connectTo(t, shop.listen, to);
    const other = await server.next();
    second.wire.reset();
    await until(() => other.closed || other.ended);
  });
});

test("nobody there, or no such host, is told at once", async (t) => {
  const gone = await outsideServer(t);
  const { port } = gone;
  const { shop } = await egressMesh(t, {
    hosts: [
      { host: "127.0.0.1", ports: [1, port], ...LOCAL },
      { host: "nobody.invalid", ports: [443] },
    ],
  });
  assert.match(
    (await connectTo(t, shop.listen, "127.0.0.1:1")).head,
    /^HTTP\/1\.1 502 [\s\S]*egress-unreachable/,
  );
  const answer = await ask(shop.listen, "127.0.0.1:1");
  assert.deepEqual([answer.status, answer.headers["weft-error"]], [502, "egress-unreachable"]);
  assert.match((await connectTo(t, shop.listen, "nobody.invalid:443")).head, /^HTTP\/1\.1 502 /);
});
