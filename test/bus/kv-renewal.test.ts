import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { openKv } from "../../src/bus/kv.ts";
import { testBroker } from "../support/broker.ts";
import { openCredentials } from "../support/open-credentials.ts";
import { natsServers } from "../support/servers.ts";
import { stateFolder } from "../support/state.ts";
import { until } from "../support/until.ts";

for (const server of natsServers())
  test(`nats-server ${server.label}: a bucket goes on over another connection, with what is asked and watched meanwhile`, async (t) => {
    const store = JSON.stringify(join(stateFolder(t), "jetstream"));
    const broker = await testBroker(t, { server, config: `jetstream { store_dir: ${store} }` });
    const kv = await openKv(openCredentials(broker.url), "bucket", "test");
    broker.beforeEnd(() => kv.close());
    let told = 0;
    const stop = await kv.watch("key", () => void told++);
    const writing = Array.from({ length: 50 }, (_, i) => kv.put("other", Buffer.from(String(i))));
    await kv.renew();
    await Promise.all(writing);
    await until(() => told === 1, { what: "whoever watches to look again" });
    await kv.put("key", Buffer.from("after"));
    await until(() => told === 2, { what: "the change to be told, once" });
    assert.equal(Buffer.from((await kv.get("key"))!.value!).toString(), "after");
    stop();
    await kv.renew();
    await kv.put("key", Buffer.from("unheard"));
    await kv.get("key");
    assert.equal(told, 2);
  });
