import assert from "node:assert/strict";
import { test } from "node:test";
import { openKv } from "../../../src/bus/kv.ts";
import { KvPolicyStore } from "../../../src/control/store/kv-store.ts";
import { MemoryPlace, MemoryPolicyStore } from "../../../src/control/store/memory-store.ts";
import { KEPT } from "../../../src/control/store/store.ts";
import { policyStoreContract } from "../../contract/policy-store.ts";
import { testBroker } from "../../support/broker.ts";
import { openCredentials } from "../../support/open-credentials.ts";
import { natsServers, type TestServer } from "../../support/servers.ts";
import { stateFolder } from "../../support/state.ts";
import { until } from "../../support/until.ts";

policyStoreContract("policy in memory", async () => {
  const place = new MemoryPlace();
  return () => new MemoryPolicyStore(place);
});

const bucket = { history: KEPT, maxBytes: -1 };

async function brokerWithStore(t: import("node:test").TestContext, server: TestServer) {
  const start = (folder: string, port?: number) => {
    const config = `jetstream { store_dir: ${JSON.stringify(folder)} }`;
    return testBroker(t, { server, config, ...(port === undefined ? {} : { port }) });
  };
  const folder = stateFolder(t);
  const broker = await start(folder);
  const openBucket = () => openKv(openCredentials(broker.url), "weft-policy", "test", bucket);
  const open = () => {
    const store = new KvPolicyStore(openBucket);
    broker.beforeEnd(() => store.close());
    return store;
  };
  return {
    broker,
    open,
    openBucket,
    restart: (keeps: boolean) => start(keeps ? folder : stateFolder(t), broker.port),
  };
}

for (const server of natsServers()) {
  policyStoreContract(`policy in KV on nats-server ${server.label}`, async (t) => {
    return (await brokerWithStore(t, server)).open;
  });

  test(`policy in KV on nats-server ${server.label}: a key deleted by hand has a sequence and no value`, async (t) => {
    const { open, openBucket } = await brokerWithStore(t, server);
    const store = open();
    const first = (await store.append(Buffer.from("x"), 0))!;
    const kv = await openBucket();
    t.after(() => kv.close());
    await kv.delete("policy");
    const read = (await store.read(first))!;
    assert.equal(read.value, undefined);
    assert.ok(read.sequence > first);
    assert.equal((await store.history()).length, 1);
    assert.notEqual(await store.append(Buffer.from("y"), read.sequence), undefined);
  });

  test(`policy in KV on nats-server ${server.label}: rejects while the broker is away, and goes on when it is back`, async (t) => {
    const { broker, open, restart } = await brokerWithStore(t, server);
    const store = open();
    const sequence = (await store.append(Buffer.from("x"), 0))!;
    let told = 0;
    t.after(await store.watch(() => told++));
    await broker.stop();
    await Promise.all([
      assert.rejects(store.read(undefined)),
      assert.rejects(store.append(Buffer.from("y"), sequence)),
    ]);
    await restart(true);
    const back = await until(() => store.read(undefined).catch(() => undefined), { withinMs: 10_000 });
    assert.equal(back.sequence, sequence);
    assert.notEqual(await store.append(Buffer.from("z"), sequence), undefined);
  });

  test(`policy in KV on nats-server ${server.label}: makes its bucket anew when the broker has lost it`, async (t) => {
    const { broker, open, restart } = await brokerWithStore(t, server);
    const store = open();
    const sequence = (await store.append(Buffer.from("x"), 0))!;
    await broker.stop();
    await restart(false);
    const read = await until(() => store.read(sequence).catch(() => undefined), { withinMs: 10_000 });
    assert.deepEqual(read, { sequence: 0 });
    assert.notEqual(await store.append(Buffer.from("x"), 0), undefined);
  });
}
