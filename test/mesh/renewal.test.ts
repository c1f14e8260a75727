import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import type { Bus } from "../../src/bus/bus.ts";
import { bytes, Drain, hashOf, Source, start } from "../support/flow.ts";
import { answersIds, Load } from "../support/load.ts";
import { meshPair } from "../support/mesh-pair.ts";
import { natsServers } from "../support/servers.ts";
import { until } from "../support/until.ts";

const MIB = 1024 * 1024;
const RENEWALS = 40;

/** Renews again and again, so many times. */
async function renewals(bus: Bus, times: number, done: () => void): Promise<void> {
  for (let i = 0; i < times; i++) {
    const startedAt = performance.now();
    await bus.renew();
    done();
    await until(() => performance.now() - startedAt >= 50);
  }
}

/** An app that echoes: `/echo` by HTTP, ids for `Load`, and WebSocket messages. */
async function echoApp(t: TestContext) {
  const ids = answersIds();
  const app = createServer((request, response) => {
    if (request.url === "/echo") request.pipe(response);
    else ids.handle(request, response);
  });
  new WebSocketServer({ server: app }).on("connection", (socket) => {
    socket.on("message", (data, binary) => socket.send(data, { binary }));
  });
  await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    app.closeAllConnections();
    app.close();
  });
  return { host: "127.0.0.1", port: (app.address() as AddressInfo).port, ids };
}

async function webSocket(t: TestContext, listen: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://${listen}/`, { headers: { host: "orders.mesh" } });
  t.after(() => socket.terminate());
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  return socket;
}

for (const server of natsServers())
  test(`nats-server ${server.label}: connections are renewed again and again under small calls, streams and a WebSocket, and nothing fails, is repeated or harmed`, async (t) => {
    const { ids, ...app } = await echoApp(t);
    const { orders, shop } = await meshPair(t, app, { server });

    let renewed = 0;
    const count = () => void renewed++;
    const renewing = Promise.all([
      renewals(shop.bus, RENEWALS, count),
      renewals(orders.bus, RENEWALS, count),
    ]);
    let over = false;
    void renewing.finally(() => {
      over = true;
    });
    const load = new Load(t, shop.listen, 8);

    let streamed = 0;
    const expected = hashOf(bytes(2 * MIB));
    const stream = async () => {
      while (!over) {
        const { sent, answer } = start(t, shop.listen, "POST", "/echo");
        new Source(sent, 2 * MIB);
        assert.equal(await new Drain(await answer).done(), expected);
        streamed++;
      }
    };

    const socket = await webSocket(t, shop.listen);
    let echoed = 0;
    let closed: number | undefined;
    socket.on("close", (code) => {
      closed = code;
    });
    socket.on("message", (data) => {
      if (data.toString() === `message ${echoed}`) socket.send(`message ${++echoed}`);
    });
    socket.send("message 0");

    await Promise.all([renewing, stream(), stream()]);
    await load.stop();
    const atEnd = echoed;
    await until(() => echoed > atEnd, { what: "the WebSocket to go on" });
    assert.equal(closed, undefined, "the WebSocket was closed");
    assert.equal(renewed, 2 * RENEWALS);
    assert.deepEqual(load.failed.slice(0, 5), [], `of ${load.ends.length} calls`);
    assert.deepEqual(ids.twice(), []);
    assert.ok(
      load.ends.length > 100 && streamed > 2 && echoed > 20,
      `${load.ends.length} calls, ${streamed} streams, ${echoed} messages`,
    );
  });

test("a flood of small messages stays whole and in order while connections are renewed without a pause", async (t) => {
  const { ids: _, ...app } = await echoApp(t);
  const { orders, shop } = await meshPair(t, app);
  const socket = await webSocket(t, shop.listen);
  let [sent, echoed, over] = [0, 0, false];
  let problem: string | undefined;
  socket.on("message", (data) => {
    if (data.toString() !== `message ${echoed++}`) problem ??= `${data} came as the ${echoed}th`;
  });
  socket.on("close", (code) => {
    problem ??= `the WebSocket was closed with ${code}`;
  });
  const pump = () => {
    if (over) return;
    for (let i = 0; i < 10 && sent - echoed < 1000; i++) socket.send(`message ${sent++}`);
    setImmediate(pump);
  };
  pump();
  const renewing = [shop.bus, orders.bus].map(async (bus) => {
    for (let i = 0; i < 300 && problem === undefined; i++) await bus.renew();
  });
  await Promise.all(renewing);
  over = true;
  await until(() => problem !== undefined || echoed === sent, { what: "the last echo" });
  assert.equal(problem, undefined);
  assert.ok(sent > 1000, `${sent} messages`);
});
