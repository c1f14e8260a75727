import assert from "node:assert/strict";
import { test } from "node:test";
import { ask } from "../support/ask.ts";
import { testBroker } from "../support/broker.ts";
import { testApp, testSidecar } from "../support/mesh.ts";
import { meshPair } from "../support/mesh-pair.ts";
import { lines, wireApp, wireTo } from "../support/wire.ts";

const ANSWER = lines("HTTP/1.1 200 OK", "Content-Length: 0");

test("a service is reached as through an HTTP proxy, by Host, and by a listener of its own", async (t) => {
  const app = await wireApp(t);
  const upstreams = [{ service: "orders", host: "127.0.0.1", port: 0 }];
  const { shop } = await meshPair(t, app, { shop: { upstreams } });
  const ways: [listen: string, sent: string[], path: string, host: string][] = [
    [shop.listen, ["GET http://orders.mesh/a?b HTTP/1.1", "Host: orders.mesh"], "/a?b", "orders.mesh"],
    [shop.listen, ["GET http://Orders.Mesh:80/a HTTP/1.1", "Host: elsewhere"], "/a", "Orders.Mesh:80"],
    [shop.listen, ["GET http://orders.mesh HTTP/1.1", "Host: orders.mesh"], "/", "orders.mesh"],
    [shop.listen, ["GET http://orders.mesh?q HTTP/1.1", "Host: orders.mesh"], "/?q", "orders.mesh"],
    [shop.listen, ["GET /b HTTP/1.1", "Host: orders.mesh"], "/b", "orders.mesh"],
    [shop.listen, ["GET /b HTTP/1.1", "Host: ORDERS.mesh:4143"], "/b", "ORDERS.mesh:4143"],
    [shop.upstreams[0]!, ["GET /c HTTP/1.1", "Host: localhost:7001"], "/c", "localhost:7001"],
    [shop.upstreams[0]!, ["GET /c HTTP/1.1", "Host: other.mesh"], "/c", "other.mesh"],
  ];
  const first = await wireTo(t, ways[0]![0]);
  first.send(lines(...ways[0]![1]));
  const asked = await app.accept();
  for (const [i, [listen, sent, path, host]] of ways.entries()) {
    const client = i === 0 ? first : await wireTo(t, listen);
    if (i > 0) client.send(lines(...sent));
    const head = await asked.head();
    assert.ok(head.startsWith(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n`), `${sent[0]} gave ${head}`);
    asked.send(ANSWER);
    assert.equal(await client.head(), ANSWER);
  }
});

test("OPTIONS for the service as a whole reaches the app as *", async (t) => {
  const app = await wireApp(t);
  const { shop } = await meshPair(t, app);
  const client = await wireTo(t, shop.listen);
  client.send(lines("OPTIONS * HTTP/1.1", "Host: orders.mesh"));
  const asked = await app.accept();
  assert.match(await asked.head(), /^OPTIONS \* HTTP\/1.1\r\nHost: orders.mesh\r\n/);
  asked.send(ANSWER);
  await client.head();
  client.send(lines("OPTIONS http://orders.mesh HTTP/1.1", "Host: orders.mesh"));
  assert.match(await asked.head(), /^OPTIONS \* HTTP\/1.1\r\nHost: orders.mesh\r\n/);
  asked.send(ANSWER);
  assert.equal(await client.head(), ANSWER);
});

test("a version is called by name, and comes and goes while the others stay", async (t) => {
  const broker = await testBroker(t);
  const version = async (version: string) => {
    const app = await testApp(t, (_request, response) => response.end(version));
    return testSidecar(broker, "orders", { app, version });
  };
  const upstreams = [{ service: "orders", version: "2", host: "127.0.0.1", port: 0 }];
  const shop = await testSidecar(broker, "shop", { upstreams, limits: { retries: 0 } });
  await version("1");
  const missing = await ask(shop.listen, "v2.orders.mesh");
  assert.equal(missing.status, 503);
  assert.equal(missing.headers["weft-error"], "no-instance");

  const two = await version("2");
  assert.equal((await ask(shop.listen, "v1.orders.mesh")).text, "1");
  assert.equal((await ask(shop.listen, "V2.orders.mesh:80")).text, "2");
  assert.equal((await ask(shop.upstreams[0]!, "anything")).text, "2");
  const any = await Promise.all(Array.from({ length: 40 }, () => ask(shop.listen, "orders.mesh")));
  assert.deepEqual([...new Set(any.map(({ text }) => text))].sort(), ["1", "2"]);

  await two.leave(1000);
  assert.equal((await ask(shop.listen, "v2.orders.mesh")).headers["weft-error"], "no-instance");
  assert.equal((await ask(shop.listen, "v1.orders.mesh")).text, "1");
  assert.equal((await ask(shop.listen, "orders.mesh")).text, "1");
  await version("2");
  assert.equal((await ask(shop.listen, "v2.orders.mesh")).text, "2");
});

test("what is no name of the mesh is answered 421, and CONNECT 501", async (t) => {
  const app = await wireApp(t);
  const { shop } = await meshPair(t, app);
  for (const host of [
    "example.com",
    "orders",
    "mesh",
    ".mesh",
    "a.b.orders.mesh",
    "x2.orders.mesh",
    "or_ders.mesh",
  ]) {
    const answer = await ask(shop.listen, host);
    assert.equal(answer.status, 421, host);
    assert.equal(answer.headers["weft-error"], "not-mesh");
    assert.match(answer.text, new RegExp(host));
  }
  const client = await wireTo(t, shop.listen);
  client.send(lines("CONNECT orders.mesh:443 HTTP/1.1", "Host: orders.mesh:443"));
  assert.match(await client.rest(), /^HTTP\/1.1 501 Not Implemented\r\nweft-error: unsupported\r\n/);
});
