import assert from "node:assert/strict";
import { test } from "node:test";
import { decode, type User } from "@nats-io/jwt";
import { mintSidecar } from "../../src/identity/keys/mint.ts";
import { NKey } from "../../src/identity/keys/nkey.ts";
import { registry } from "../../src/subjects/subjects.ts";
import { publishRefused, type SecuredMesh, securedMesh, subscribeRefused } from "../support/secured-mesh.ts";
import { natsServers } from "../support/servers.ts";
import { until } from "../support/until.ts";

test("no minted JWT has allow_responses, bearer, or a subject of JetStream, KV or the system", async () => {
  const signer = NKey.create("A");
  const mint = { mesh: "mesh", account: NKey.create("A").publicKey, signer };
  const names = [
    { service: "orders", instance: "a1", version: "1" },
    { service: "orders", instance: "a1", version: "1", callees: { only: [] } },
    { service: "orders", instance: "a1", version: "1", callees: { only: ["billing", "shipping"] } },
    { service: "orders", instance: "a1", version: "1", callers: { only: ["shop"] } },
  ];
  for (const name of names) {
    const { nats, iss } = decode<User>(
      await mintSidecar(mint, name, NKey.create("U").publicKey, Date.now() + 1000),
    );
    assert.equal(iss, signer.publicKey);
    assert.equal(nats.resp, undefined);
    assert.ok(!nats.bearer_token);
    assert.deepEqual([nats.subs, nats.payload], [4096, 1 << 20]);
    const all = [...nats.pub!.allow!, ...nats.sub!.allow!];
    for (const subject of all) assert.doesNotMatch(subject, /\$|_INBOX|^[>*]|^mesh\.\*\.\*\.\*/, subject);
  }
});

test("no user can be minted under a name with a wildcard or a dot in it, or under one of the mesh's own", async () => {
  const mint = { mesh: "mesh", account: NKey.create("A").publicKey, signer: NKey.create("A") };
  const key = NKey.create("U").publicKey;
  for (const service of ["*", ">", "a.b", "", "registry", "authority", "admin"])
    await assert.rejects(
      async () => mintSidecar(mint, { service, instance: "i", version: "1" }, key, Date.now()),
      { name: "NameError" },
      service,
    );
  for (const bad of ["*", "1.2", ">"]) {
    await assert.rejects(
      async () => mintSidecar(mint, { service: "a", instance: bad, version: "1" }, key, Date.now()),
      { name: "NameError" },
    );
    await assert.rejects(
      async () => mintSidecar(mint, { service: "a", instance: "i", version: bad }, key, Date.now()),
      { name: "NameError" },
    );
  }
});

for (const server of natsServers())
  test(`nats-server ${server.label} holds every user to its permissions`, async (t) => {
    const mesh = await securedMesh(t, server);
    const orders = await mesh.instance("orders");
    const billing = await mesh.instance("billing");
    const { nc: callee } = await mesh.connect(billing.credentials);
    const seen: string[] = [];
    callee.subscribe("mesh.billing.v-1.*", {
      queue: "billing",
      callback: (_, m) => void seen.push(m.subject),
    });
    callee.subscribe(`_R.billing.${billing.instance}.>`, { callback: (_, m) => void seen.push(m.subject) });
    await callee.flush();
    const evil = await mesh.connect(orders.credentials);

    await t.test(
      "a caller cannot sign a request with another's name, nor with a wildcard, nor with more tokens",
      async () => {
        await publishRefused(evil, "mesh.billing.v-1.shipping");
        await publishRefused(evil, `mesh.billing.i-${billing.instance}.billing`);
        await publishRefused(evil, "mesh.billing.v-1.*");
        await publishRefused(evil, "mesh.billing.v-1.orders.orders");
        await publishRefused(evil, "other.billing.v-1.orders");
        await callee.flush();
        assert.deepEqual(seen, []);
        evil.nc.publish("mesh.billing.v-1.orders");
        await until(() => seen.length > 0);
        assert.deepEqual(seen.splice(0), ["mesh.billing.v-1.orders"]);
      },
    );

    await t.test("nobody can listen to another's inbox, or to everything", async () => {
      const foreign = [
        `_R.billing.${billing.instance}.>`,
        "_R.billing.>",
        "_R.*.*.orders.>",
        "_R.>",
        "_INBOX.>",
        ">",
        "mesh.>",
      ];
      for (const subject of foreign) await subscribeRefused(evil, subject);
      await subscribeRefused(evil, `_R.orders.${"b".repeat(12)}.>`);
    });

    await t.test(
      "nobody can copy requests by a plain subscription or by a queue group of its own",
      async () => {
        await subscribeRefused(evil, "mesh.orders.v-1.*");
        await subscribeRefused(evil, "mesh.orders.any.*");
        await subscribeRefused(evil, "mesh.orders.v-1.*", "wiretap");
        await subscribeRefused(evil, "mesh.orders.v-2.*", "orders");
        await subscribeRefused(evil, "mesh.orders.i-other.*");
        await subscribeRefused(evil, "mesh.billing.v-1.*", "billing");
        await subscribeRefused(evil, "mesh.*.*.orders");
        const before = evil.refused.length;
        evil.nc.subscribe("mesh.orders.v-1.*", { queue: "orders", callback: () => {} });
        evil.nc.subscribe(`mesh.orders.i-${orders.instance}.*`, { callback: () => {} });
        await evil.nc.flush();
        assert.equal(evil.refused.length, before);
      },
    );

    await t.test("a responder can answer as itself only", async () => {
      await publishRefused(evil, `_R.billing.${billing.instance}.shipping.x1`);
      await publishRefused(evil, `_R.billing.${billing.instance}.billing.x1`);
      await publishRefused(evil, `_R.billing.${billing.instance}.registry.x1`);
      await publishRefused(evil, `_R.billing.${billing.instance}.orders`);
    });

    await t.test("a message's reply subject gives nobody the right to publish there", async () => {
      const forged = "mesh.billing.v-1.shipping";
      let trigger: string | undefined;
      evil.nc.subscribe(`mesh.orders.i-${orders.instance}.*`, {
        callback: (_, m) => {
          trigger = m.reply;
        },
      });
      evil.nc.publish(`mesh.orders.i-${orders.instance}.orders`, "", { reply: forged });
      await until(() => trigger === forged);
      await publishRefused(evil, forged);
      await callee.flush();
      assert.deepEqual(seen, []);
    });

    await t.test("nobody can beat or report for another, or speak for the registry", async () => {
      await publishRefused(evil, registry.heartbeat("billing", billing.instance));
      await publishRefused(evil, registry.heartbeat("orders", "sibling"));
      await publishRefused(evil, registry.signals("billing", billing.instance));
      await publishRefused(evil, registry.signals("orders", "sibling"));
      await publishRefused(evil, registry.alive);
      await publishRefused(evil, registry.event("orders"));
      await publishRefused(evil, registry.get("instances", "billing"));
      await subscribeRefused(evil, registry.everyHeartbeat);
      await subscribeRefused(evil, registry.everySignals);
      await subscribeRefused(evil, registry.everyGet);
    });

    await t.test(
      "neither JetStream, nor KV, nor the system can be reached, which would answer to any subject",
      async () => {
        const replier = [
          "$JS.API.INFO",
          "$JS.API.DIRECT.GET.KV_x.y",
          "$KV.x.y",
          "$SYS.REQ.SERVER.PING",
          "$SYS.REQ.CLAIMS.UPDATE",
          "$SRV.PING",
        ];
        for (const subject of replier) await publishRefused(evil, subject, "mesh.billing.v-1.shipping");
        for (const subject of ["$SYS.>", "$JS.>", "$SRV.>"]) await subscribeRefused(evil, subject);
      },
    );

    await t.test("the registry cannot be made to call a service or to answer for one", async () => {
      const naive = await mesh.connect(mesh.part("registry"));
      await publishRefused(naive, "mesh.billing.v-1.registry");
      await publishRefused(naive, `_R.billing.${billing.instance}.orders.x1`);
      await subscribeRefused(naive, "mesh.>");
      await subscribeRefused(naive, "_R.>");
    });

    await t.test("an observer sees no call and makes none", async () => {
      const observer = await mesh.connect(mesh.part("admin"));
      for (const subject of ["mesh.billing.v-1.admin", "reg.ev.alive", "_R.a.b.admin.c"])
        await publishRefused(observer, subject);
      for (const subject of ["mesh.>", "_R.>", "reg.hb.>", "reg.st.>", ">"])
        await subscribeRefused(observer, subject);
    });

    await t.test("a list of 500 callees connects, and narrows, whether they are allowed or denied", () =>
      longList(mesh),
    );
  });

async function longList(mesh: SecuredMesh): Promise<void> {
  const identity = await mesh.instance("orders");
  const callees = Array.from({ length: 500 }, (_, i) => `service-with-a-long-name-${i}`);
  const who = { service: "orders", instance: identity.instance, version: "1", callees: { only: callees } };
  const jwt = await mintSidecar(mesh.granter.mint, who, identity.nkey.publicKey, Date.now() + 60_000);
  assert.ok(jwt.length > 20_000);
  const client = await mesh.connect({ ...identity.credentials, jwt: () => jwt });
  client.nc.publish("mesh.service-with-a-long-name-499.v-1.orders");
  await publishRefused(client, "mesh.billing.v-1.orders");
  assert.deepEqual(client.refused, ["publish mesh.billing.v-1.orders"]);

  const without = { ...who, callees: { not: callees } };
  const denying = await mintSidecar(mesh.granter.mint, without, identity.nkey.publicKey, Date.now() + 60_000);
  const other = await mesh.connect({ ...identity.credentials, jwt: () => denying });
  other.nc.publish("mesh.billing.v-1.orders");
  await publishRefused(other, "mesh.service-with-a-long-name-499.v-1.orders");
  assert.deepEqual(other.refused, ["publish mesh.service-with-a-long-name-499.v-1.orders"]);
}
