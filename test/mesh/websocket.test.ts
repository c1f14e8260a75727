import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import { bytes, hashOf } from "../support/flow.ts";
import { meshPair } from "../support/mesh-pair.ts";
import { natsServers } from "../support/servers.ts";
import { until } from "../support/until.ts";
import { lines, wireApp, wireTo } from "../support/wire.ts";

/** An app that sends back each message; `sockets` are its ends. */
async function echoApp(t: TestContext) {
  const http = createServer((_request, response) => response.writeHead(426).end("websocket only"));
  const server = new WebSocketServer({
    server: http,
    perMessageDeflate: false,
    handleProtocols: () => "chat",
    maxPayload: 64 * 1024 * 1024,
  });
  const sockets: WebSocket[] = [];
  server.on("connection", (socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.on("message", (data, binary) => socket.send(data, { binary }));
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const socket of sockets) socket.terminate();
    http.closeAllConnections();
    http.close();
  });
  return { host: "127.0.0.1", port: (http.address() as AddressInfo).port, sockets };
}

interface Messages {
  readonly socket: WebSocket;
  readonly seen: { data: Buffer; binary: boolean }[];
}

async function open(t: TestContext, listen: string, protocols?: string): Promise<Messages> {
  const options = { headers: { host: "orders.mesh" }, perMessageDeflate: false };
  const socket = new WebSocket(`ws://${listen}/chat`, protocols, options);
  t.after(() => socket.terminate());
  const seen: Messages["seen"] = [];
  socket.on("message", (data, binary) => void seen.push({ data: data as Buffer, binary }));
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  return { socket, seen };
}

for (const server of natsServers())
  test(`nats-server ${server.label}: a WebSocket carries text, bytes and large messages, and is closed in order by either end`, async (t) => {
    const app = await echoApp(t);
    const { shop } = await meshPair(t, app, { server });
    const { socket, seen } = await open(t, shop.listen, "chat");
    assert.equal(socket.protocol, "chat");
    const large = bytes(8 * 1024 * 1024);
    socket.send("täxt");
    socket.send(Buffer.from([0, 255, 1]));
    socket.send(large);
    socket.send("");
    await until(() => seen.length === 4, { withinMs: 10_000 });
    assert.deepEqual(seen[0], { data: Buffer.from("täxt"), binary: false });
    assert.deepEqual(seen[1], { data: Buffer.from([0, 255, 1]), binary: true });
    assert.equal(hashOf(seen[2]!.data), hashOf(large));
    assert.equal(seen[3]!.data.length, 0);

    let pong: Buffer | undefined;
    socket.on("pong", (data) => {
      pong = data;
    });
    socket.ping("are you there");
    await until(() => pong?.toString() === "are you there");

    const closedAtApp = new Promise((resolve) => app.sockets[0]!.once("close", (code) => resolve(code)));
    const closed = new Promise((resolve) => socket.once("close", (code) => resolve(code)));
    socket.close(4001, "enough");
    assert.deepEqual([await closedAtApp, await closed], [4001, 4001]);

    const second = await open(t, shop.listen);
    const closedByApp = new Promise((resolve) => second.socket.once("close", (code) => resolve(code)));
    app.sockets[1]!.close(4002);
    assert.equal(await closedByApp, 4002);
  });

test("a WebSocket whose one end dies is broken off at the other at once", async (t) => {
  const app = await echoApp(t);
  const { shop } = await meshPair(t, app);
  const [one, two] = [await open(t, shop.listen), await open(t, shop.listen)];
  one.socket.terminate();
  await until(() => app.sockets[0]!.readyState === WebSocket.CLOSED, { withinMs: 1000 });
  app.sockets[1]!.terminate();
  await until(() => two.socket.readyState === WebSocket.CLOSED, { withinMs: 1000 });
});

test("a WebSocket outlives the deadline of calls, and the server side may speak first", async (t) => {
  const app = await echoApp(t);
  const { shop } = await meshPair(t, app, { shop: { limits: { timeoutMs: 200 } } });
  const { socket, seen } = await open(t, shop.listen);
  const openedAt = performance.now();
  app.sockets[0]!.send("hello");
  await until(() => seen.length === 1);
  await until(() => performance.now() - openedAt > 400);
  socket.send("still there");
  await until(() => seen.length === 2);
  assert.equal(seen[1]!.data.toString(), "still there");
});

test("an upgrade that the app refuses is an ordinary answer, and the connection goes on", async (t) => {
  const app = await wireApp(t);
  const { shop } = await meshPair(t, app);
  const client = await wireTo(t, shop.listen);
  const upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
  client.send(lines("GET /ws HTTP/1.1", "Host: orders.mesh", ...upgrade));
  const asked = await app.accept();
  const head = await asked.head();
  assert.match(head, /\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n/i);
  assert.match(head, /\r\nSec-WebSocket-Version: 13\r\n/);
  asked.send(`${lines("HTTP/1.1 403 Forbidden", "Content-Length: 2")}no`);
  assert.match(await client.upTo("\r\n\r\nno"), /^HTTP\/1.1 403 Forbidden\r\nContent-Length: 2\r\n/);
});

test("any protocol may be switched to, with bytes before and behind the 101, and either end may end first", async (t) => {
  const app = await wireApp(t);
  const { shop } = await meshPair(t, app);
  for (const first of ["client", "app"]) {
    const client = await wireTo(t, shop.listen);
    client.send(lines("GET / HTTP/1.1", "Host: orders.mesh", "Connection: upgrade", "Upgrade: Echo/1"));
    const asked = await app.accept();
    await asked.head();
    asked.send(`${lines("HTTP/1.1 101 Go On", "Upgrade: Echo/1", "Connection: Upgrade", "X-A: 1")}early`);
    const switched = await client.upTo("early");
    assert.match(switched, /^HTTP\/1.1 101 Go On\r\n/);
    assert.match(switched, /\r\nUpgrade: Echo\/1\r\n/);
    assert.match(switched, /\r\nConnection: Upgrade\r\n/);
    client.send("\0\xff GET / HTTP/1.1\r\n\r\n");
    await asked.upTo("\0\xff GET / HTTP/1.1\r\n\r\n");
    const [ending, other] = first === "client" ? [client, asked] : [asked, client];
    ending.send("last words");
    ending.socket.end();
    await other.upTo("last words");
    assert.equal(await other.rest(), "");
  }
});
