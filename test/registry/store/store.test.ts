import assert from "node:assert/strict";
import { test } from "node:test";
import { type Kv, openKv } from "../../../src/bus/kv.ts";
import { KvStore } from "../../../src/registry/store/kv-store.ts";
import { MemoryStore } from "../../../src/registry/store/memory-store.ts";
import { storeContract } from "../../contract/store.ts";
import { testBroker } from "../../support/broker.ts";
import { openCredentials } from "../../support/open-credentials.ts";
import { natsServers } from "../../support/servers.ts";
import { stateFolder } from "../../support/state.ts";

storeContract("memory store", async () => {
  const entries = new Map<string, Uint8Array>();
  return () => new MemoryStore(entries);
});

for (const server of natsServers()) {
  storeContract(`KV store on nats-server ${server.label}`, async (t) => {
    const config = `jetstream { store_dir: ${JSON.stringify(stateFolder(t))} }`;
    const broker = await testBroker(t, { server, config });
    return () => {
      const store = new KvStore(() => openKv(openCredentials(broker.url), "weft", "test"));
      t.after(() => store.close());
      return store;
    };
  });

  test(`KV store on nats-server ${server.label}: rejects with the cure where there is no JetStream`, async (t) => {
    const broker = await testBroker(t, { server });
    const store = new KvStore(() => openKv(openCredentials(broker.url), "weft", "test"));
    await assert.rejects(store.load(), { name: "KvError", message: /JetStream must be enabled/ });
  });

  test(`KV store on nats-server ${server.label}: passes over entries that are no records`, async (t) => {
    const config = `jetstream { store_dir: ${JSON.stringify(stateFolder(t))} }`;
    const broker = await testBroker(t, { server, config });
    const kv = await openKv(openCredentials(broker.url), "weft", "test");
    await kv.put("odd", Buffer.from("{not json"));
    await kv.put("other", Buffer.from('{"service":"orders","firstSeen":1}'));
    const store = new KvStore(async () => kv);
    t.after(() => store.close());
    assert.deepEqual(await store.load(), []);
  });

  test(`KV store on nats-server ${server.label}: opens again when its connection was closed for good`, async (t) => {
    const config = `jetstream { store_dir: ${JSON.stringify(stateFolder(t))} }`;
    const broker = await testBroker(t, { server, config });
    const opened: Kv[] = [];
    const store = new KvStore(async () => {
      opened.push(await openKv(openCredentials(broker.url), "weft", "test"));
      return opened.at(-1)!;
    });
    t.after(() => store.close());
    await Promise.all([store.load(), store.load()]);
    await opened[0]!.close();
    assert.deepEqual(await store.load(), []);
    assert.equal(opened.length, 2);
  });
}
