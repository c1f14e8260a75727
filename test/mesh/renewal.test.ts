import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
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

for (const server of natsServers())
  test(`nats-server ${server.label}: connections are renewed again and again under small calls, streams and a WebSocket, and nothing fails, is repeated or harmed`, async (t) => {
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
    const { orders, shop } = await meshPair(
      t,
      { host: "127.0.0.1", port: (app.address() as AddressInfo).port },
      { server },
    );

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

    const socket = new WebSocket(`ws://${shop.listen}/`, { headers: { host: "orders.mesh" } });
    t.after(() => socket.terminate());
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
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
