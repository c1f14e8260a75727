import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryBroker } from "../../../src/bus/memory-bus.ts";
import { connectBus } from "../../../src/bus/nats-bus.ts";
import { ASK_MS, BrokerDesk } from "../../../src/control/broker/broker-desk.ts";
import { brokerFamilies } from "../../../src/control/broker/families.ts";
import { readStatz } from "../../../src/control/broker/statz.ts";
import { systemClock } from "../../../src/registry/clock.ts";
import { registry as subjects } from "../../../src/subjects/subjects.ts";
import { testBroker } from "../../support/broker.ts";
import { FakeClock, turns } from "../../support/fake-clock.ts";
import { openCredentials } from "../../support/open-credentials.ts";
import { natsServers } from "../../support/servers.ts";
import { until } from "../../support/until.ts";

const statz = (over: object = {}, account: object = {}) =>
  Buffer.from(
    JSON.stringify({
      server: { name: "n1", ver: "2.9.10", time: "2026-11-29T12:00:00.5Z", ...over },
      data: {
        account_statz: [
          {
            ...{ acc: "A", conns: 3, total_conns: 9, slow_consumers: 1 },
            ...{ sent: { msgs: 4, bytes: 40 }, received: { msgs: 5, bytes: 50 } },
            ...account,
          },
        ],
      },
    }),
  );

test("what a server says of the mesh is shown until it does not answer any more", async () => {
  const broker = new MemoryBroker();
  const clock = new FakeClock();
  const desk = new BrokerDesk({ bus: broker.connect(), clock });
  const server = broker.connect();
  let answers = true;
  server.subscribe(subjects.accountStats, undefined, ({ reply }) => {
    if (answers) server.send(reply as typeof subjects.accountStats, statz());
  });
  desk.start();
  await turns();
  assert.deepEqual(
    desk.servers().map(({ server, connections, answerMs }) => [server, connections, answerMs]),
    [["n1", 3, 0]],
  );
  const messages = brokerFamilies(() => desk.servers()).find(
    ({ name }) => name === "weft_broker_messages_total",
  );
  assert.deepEqual(
    [...messages!.read()],
    [
      { labels: { weft_server: "n1", direction: "in" }, value: 5 },
      { labels: { weft_server: "n1", direction: "out" }, value: 4 },
    ],
  );
  answers = false;
  for (let i = 0; i < 4; i++) {
    clock.advance(ASK_MS);
    await turns();
  }
  assert.deepEqual(desk.servers(), []);
  desk.stop();
});

test("what is no such answer is not believed", () => {
  assert.equal(readStatz(statz())?.server, "n1");
  for (const bad of [
    Buffer.from("{"),
    Buffer.from("null"),
    Buffer.alloc(20_000, " "),
    statz({ name: "" }),
    statz({}, { conns: -1 }),
    statz({}, { sent: "many" }),
  ])
    assert.equal(readStatz(bad), undefined);
});

for (const server of natsServers())
  test(`nats-server ${server.label} tells it to an ordinary user`, async (t) => {
    const broker = await testBroker(t, { server });
    const bus = await connectBus(openCredentials(broker.url), "registry");
    broker.beforeEnd(() => bus.close());
    const desk = new BrokerDesk({ bus, clock: systemClock });
    desk.start();
    t.after(() => desk.stop());
    const [one] = await until(() => (desk.servers().length > 0 ? desk.servers() : undefined), {
      what: "the server to answer",
    });
    assert.equal(one!.version, server.label);
    assert.equal(one!.connections, 1);
    assert.ok(Math.abs(one!.skewMs) < 5000);
  });
