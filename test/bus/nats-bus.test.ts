import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus } from "../../src/bus/bus.ts";
import { connectBus } from "../../src/bus/nats-bus.ts";
import type { Subject } from "../../src/subjects/subjects.ts";
import { busContract } from "../contract/bus.ts";
import { testBroker } from "../support/broker.ts";
import { openCredentials } from "../support/open-credentials.ts";
import { natsServers } from "../support/servers.ts";
import { until } from "../support/until.ts";

for (const server of natsServers()) {
  const open = async (t: import("node:test").TestContext, config?: string) => {
    const broker = await testBroker(t, { server, ...(config === undefined ? {} : { config }) });
    const connect = async (): Promise<Bus> => {
      const bus = await connectBus(openCredentials(broker.url), "test");
      t.after(() => bus.close());
      return bus;
    };
    return { broker, connect };
  };

  busContract(`nats-server ${server.label}`, async (t) => (await open(t)).connect);

  test(`nats-server ${server.label}: losing the broker is told at once, and its return too`, async (t) => {
    const { broker, connect } = await open(t);
    const bus = await connect();
    await broker.stop();
    await until(() => bus.state.kind === "away");
    assert.equal(bus.send("x" as Subject, Buffer.from("x")), false);
    await testBroker(t, { server, port: broker.port });
    await until(() => bus.state.kind === "connected");
    await bus.flush();
  });

  test(`nats-server ${server.label}: what is subscribed while a connection is renewed outlives it, and renewals may overlap`, async (t) => {
    const { connect } = await open(t);
    const [bus, sender] = [await connect(), await connect()];
    const subjects = Array.from({ length: 50 }, (_, i) => `during.${i}` as Subject);
    const heard = new Set<string>();
    const renewals = [bus.renew(), bus.renew(), bus.renew()];
    for (const subject of subjects) {
      bus.subscribe(subject, undefined, (message) => void heard.add(message.subject));
      await sender.flush();
    }
    await Promise.all(renewals);
    await bus.flush();
    for (const subject of subjects) sender.send(subject, Buffer.from("x"));
    await until(() => heard.size === subjects.length, { what: "each subscription to be heard on" });
  });

  test(`nats-server ${server.label}: a message that fits only without its trace context is sent without it`, async (t) => {
    const { connect } = await open(t, "max_payload: 1024\n");
    const bus = await connect();
    const sizes: number[] = [];
    bus.subscribe("sized" as Subject, undefined, ({ data }) => void sizes.push(data.length));
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for (const size of [1, 1024 - 128, 1024 - 60, 1024])
      bus.send("sized" as Subject, Buffer.alloc(size), "answers" as Subject, traceparent);
    await bus.flush();
    assert.deepEqual(sizes, [1, 896, 964, 1024]);
  });

  test(`nats-server ${server.label}: a subject that this user may not publish is reported`, async (t) => {
    const user = 'user: any, password: any, permissions: { publish: { deny: "secret.>" } }';
    const { connect } = await open(t, `accounts: { A: { users: [{ ${user} }] } }, no_auth_user: any\n`);
    const bus = await connect();
    const denied: string[] = [];
    bus.onDenied((subject) => denied.push(subject));
    bus.send("secret.x" as Subject, Buffer.from("x"));
    await until(() => denied.length === 1);
    assert.deepEqual(denied, ["secret.x"]);
  });
}

test("no broker at the address: the error names the address and the cure", async () => {
  await assert.rejects(connectBus(openCredentials("127.0.0.1:1"), "test"), {
    name: "BusError",
    message: /127\.0\.0\.1:1: connection refused\. Is it running\? `weft up` starts one/,
  });
});
