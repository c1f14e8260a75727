import assert from "node:assert/strict";
import { createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { ask } from "../support/ask.ts";
import { connectTo, egressMesh } from "../support/egress.ts";
import { RawPeer } from "../support/raw.ts";
import { until } from "../support/until.ts";
import { lines, wireTo } from "../support/wire.ts";

/** Something on loopback that nobody may reach. */
async function trap(t: TestContext) {
  const caught: RawPeer[] = [];
  const server = createServer((socket) => void caught.push(new RawPeer(socket)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const { socket } of caught) socket.destroy();
    server.close();
  });
  return { port: (server.address() as { port: number }).port, caught };
}

test("an app that tries to reach what is near by any spelling is denied, even where any host is allowed", async (t) => {
  const { port, caught } = await trap(t);
  const { mesh, shop } = await egressMesh(t, {
    default: "allow",
    hosts: [
      { host: "localhost", ports: [port] },
      { host: "127.0.0.1", ports: [port] },
      { host: "*.internal.example.com", ports: [port] },
    ],
  });
  const orders = await mesh.echo("orders");
  const spellings = [
    "localhost",
    "LOCALHOST",
    "localhost.",
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.01",
    "0",
    "0.0.0.0",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:7f00:0001]",
    "127.0.0.1.",
    "[::1.]",
    "169.254.169.254",
    "168.63.129.16",
    "[fd00:ec2::254]",
    "10.0.0.1",
    "192.168.0.1",
  ];
  await t.test("CONNECT", async () => {
    for (const host of spellings) {
      const { head } = await connectTo(t, shop.listen, `${host}:${port}`);
      assert.match(head, /^HTTP\/1\.1 403 [\s\S]*weft-error: egress-denied/, host);
    }
  });
  await t.test("plain HTTP, with the host in the target and in Host", async () => {
    for (const host of spellings) {
      const answer = await ask(shop.listen, `${host}:${port}`);
      assert.deepEqual([answer.status, answer.headers["weft-error"]], [403, "egress-denied"], host);
      const client = await wireTo(t, shop.listen);
      client.send(lines(`GET http://${host}:${port}/ HTTP/1.1`, "Host: example.com"));
      assert.match(await client.head(), /^HTTP\/1\.1 403 /, host);
    }
    assert.equal((await ask(shop.listen, "169.254.169.254", "/latest/meta-data/")).status, 403);
  });
  await t.test("names of the mesh are no hosts outside, for neither way", async () => {
    for (const host of ["orders.mesh:80", "v1.orders.mesh:443", "ORDERS.MESH:80", "x.y.z.mesh:443"]) {
      const { head } = await connectTo(t, shop.listen, host);
      assert.match(head, /^HTTP\/1\.1 501 [\s\S]*weft-error: unsupported/, host);
    }
    assert.equal((await ask(shop.listen, "x.y.z.mesh")).status, 421);
    assert.deepEqual(orders.seen, []);
  });
  await t.test("what is no host and port, or has a body, is refused", async () => {
    for (const target of [
      "localhost",
      "/",
      "http://localhost/",
      "a@localhost:1",
      "localhost:1/x",
      "localhost:",
      ":1",
    ]) {
      const client = await wireTo(t, shop.listen);
      client.send(lines(`CONNECT ${target} HTTP/1.1`, `Host: ${target.includes("@") ? "x" : "localhost"}`));
      assert.match(await client.head(), /^HTTP\/1\.1 (?:400|403) /, target);
    }
    const client = await wireTo(t, shop.listen);
    client.send(`${lines(`CONNECT localhost:${port} HTTP/1.1`, "Host: a", "Content-Length: 4")}abcd`);
    assert.match(await client.head(), /^HTTP\/1\.1 400 /);
  });
  assert.deepEqual(caught, [], "nobody came through");
});

test("a tunnel to one host is not used for TLS with another; what followed a refused CONNECT is not read", async (t) => {
  const { port, caught } = await trap(t);
  const { shop } = await egressMesh(t, {
    hosts: [{ host: "localhost", ports: [port], addresses: ["127.0.0.0/8", "::1/128"] }],
  });
  const { wire, head } = await connectTo(t, shop.listen, `localhost:${port}`);
  assert.match(head, /^HTTP\/1\.1 200 /);
  connectTls({ socket: wire.socket, servername: "evil.example.com" }).on("error", () => {});
  await until(() => wire.closed, { what: "the tunnel to be cut" });
  await until(() => caught.length === 1 && caught[0]!.closed);
  assert.equal(caught[0]!.received, "", "not a byte of it went out");
  assert.ok(shop.said.some((line) => line.includes('TLS was begun for "evil.example.com"')));

  const refused = await wireTo(t, shop.listen);
  refused.send(
    lines("CONNECT evil.example.com:443 HTTP/1.1", "Host: evil.example.com:443") +
      lines(`GET http://localhost:${port}/smuggled HTTP/1.1`, `Host: localhost:${port}`),
  );
  const text = await refused.rest();
  assert.equal(text.match(/HTTP\/1\.1 /g)?.length, 1, text);
  assert.equal(caught.length, 1);
});
