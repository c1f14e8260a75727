import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { connectBus } from "../../src/bus/nats-bus.ts";
import type { Account } from "../../src/control/explain/account.ts";
import { Explainer } from "../../src/control/explain/explain.ts";
import { tell } from "../../src/control/explain/tell.ts";
import { PolicyTable } from "../../src/control/follow/policy-table.ts";
import { PolicyPublisher } from "../../src/control/publisher.ts";
import { Sidecars } from "../../src/control/sidecars.ts";
import { readPolicyAnswer } from "../../src/control/wire.ts";
import { Catalog } from "../../src/registry/catalog.ts";
import { systemClock } from "../../src/registry/clock.ts";
import { Drops } from "../../src/registry/drops.ts";
import { pack } from "../../src/registry/frame.ts";
import { Heartbeater } from "../../src/registry/heartbeater.ts";
import { Registry } from "../../src/registry/registry.ts";
import { silentLog } from "../registry/beats.ts";
import { publishRefused, type SecuredMesh, securedMesh, subscribeRefused } from "../support/secured-mesh.ts";
import { natsServers } from "../support/servers.ts";
import { until } from "../support/until.ts";
import { HandSet, routeTo } from "./policy-table-scene.ts";

const clock = systemClock;

async function startRegistry(t: TestContext, mesh: SecuredMesh, policy: HandSet) {
  const bus = await connectBus(mesh.part("registry"), "registry");
  const drops = new Drops(silentLog, () => clock.now());
  const publisher = new PolicyPublisher({ bus, policy, drops });
  const sidecars = new Sidecars(clock);
  const explainer = new Explainer({ bus, clock, drops });
  const policyMark = () => publisher.mark;
  const registry = new Registry({ bus, catalog: new Catalog(clock), clock, drops, policyMark, sidecars });
  for (const part of [publisher, explainer, registry]) part.start();
  await bus.flush();
  t.after(() => {
    for (const part of [publisher, explainer, registry]) part.stop();
    return bus.close();
  });
  return { drops, publisher, sidecars, explainer };
}

/** What a sidecar has of policy, with the identity of an instance. */
async function startSidecar(t: TestContext, mesh: SecuredMesh, service: string) {
  const identity = await mesh.instance(service);
  const { instance, version } = identity;
  const bus = await connectBus(identity.credentials, service);
  const table = new PolicyTable({ bus, clock, caller: service, instance });
  const beats = new Heartbeater({
    ...{ bus, clock, service, instance, version },
    policy: () => table.inStep,
  });
  table.onStep(() => beats.again());
  beats.set("caller");
  const account: Account = {
    ...{ side: "client", service, instance, at: 1, method: "GET", path: "/", caller: service, callee: "x" },
    ...{ attempts: [], status: 200, code: "", ms: 1 },
  };
  const telling = tell({
    bus,
    service,
    instance,
    accounts: (asked) => ("requestId" in asked && asked.requestId === "known" ? [account] : []),
  });
  t.after(async () => {
    telling.unsubscribe();
    table.close();
    await beats.leave();
    await bus.close();
  });
  const versionOf = (of: string) => table.get(of)?.routes[0]?.spec.rules[0]?.backendRefs?.[0]?.version;
  return { identity, bus, table, account, versionOf };
}

for (const server of natsServers()) {
  test(`nats-server ${server.label}: policy reaches sidecars, and their accounts the registry`, async (t) => {
    const mesh = await securedMesh(t, server);
    const policy = new HandSet();
    const { publisher, sidecars, explainer, drops } = await startRegistry(t, mesh, policy);
    const shop = await startSidecar(t, mesh, "shop");
    const billing = await startSidecar(t, mesh, "billing");
    shop.table.get("orders");
    await until(() => shop.table.get("orders") && sidecars.rows(publisher.mark).length === 2);

    await t.test("from the change to the beat that confirms it", async () => {
      policy.apply({ orders: routeTo("orders", "2") });
      await until(() => sidecars.rows(publisher.mark).every(({ lagging }) => !lagging));
      assert.equal(shop.versionOf("orders"), "2");
      assert.deepEqual(
        sidecars
          .rows(publisher.mark)
          .map(({ service, role, policyRevision }) => [service, role, policyRevision]),
        [
          ["billing", "caller", 1],
          ["shop", "caller", 1],
        ],
      );
    });

    await t.test(
      "also when it is larger than a message, and across a renewal of the connection",
      async () => {
        const services = ["orders", "a", "b", "c", "d"];
        for (const service of services) shop.table.get(service);
        const renewed = shop.bus.renew();
        policy.apply(
          Object.fromEntries(services.map((service) => [service, routeTo(service, "3", 400_000)])),
        );
        await renewed;
        await until(() => shop.table.inStep?.revision === 2);
        assert.ok(services.every((service) => shop.versionOf(service) === "3"));
      },
    );

    await t.test("an explanation comes from all who know", async () => {
      const accounts = await explainer.explain("known");
      assert.deepEqual(accounts.map(({ service }) => service).sort(), ["billing", "shop"]);
      assert.deepEqual(await explainer.explain("unknown"), []);
      assert.deepEqual(drops.counts(), {});
    });
    assert.equal(billing.table.inStep?.revision, 2);
  });

  test(`nats-server ${server.label}: nobody speaks for the registry, or for another, about policy`, async (t) => {
    const mesh = await securedMesh(t, server);
    const policy = new HandSet();
    policy.apply({ orders: routeTo("orders", "1"), secret: routeTo("secret", "1") });
    const { drops, explainer } = await startRegistry(t, mesh, policy);
    const shop = await startSidecar(t, mesh, "shop");
    await until(() => shop.table.inStep);
    const evil = await mesh.instance("evil");
    const attacker = await mesh.connect(evil.credentials);
    const { nc } = attacker;
    const inbox = `_R.evil.${evil.instance}`;

    await t.test(
      "the broker refuses its events, its answers, and questions and accounts of others",
      async () => {
        const { instance } = shop.identity;
        for (const subject of ["reg.ev.policy", "reg.ev.explain", `_R.shop.${instance}.registry.x1`])
          await publishRefused(attacker, subject);
        for (const what of ["policy", "told"]) {
          await publishRefused(attacker, `reg.get.${what}.shop`);
          await publishRefused(attacker, `reg.get.${what}.*`);
          await subscribeRefused(attacker, `reg.get.${what}.*`);
          await subscribeRefused(attacker, `reg.get.${what}.evil`);
        }
      },
    );

    await t.test("junk, and accounts in another's name, are dropped and counted", async () => {
      nc.subscribe("reg.ev.explain", {
        callback: (_, { data }) => {
          const question = Buffer.from(data)
            .toString("latin1")
            .match(/[0-9a-f]{24}/)![0];
          const forged = { question, instance: shop.identity.instance, accounts: [shop.account] };
          for (const said of [pack(forged), Buffer.from("junk"), Buffer.alloc(70_000)])
            nc.publish("reg.get.told.evil", said);
        },
      });
      await nc.flush();
      const accounts = await explainer.explain("known");
      assert.deepEqual(accounts, [shop.account]);
      assert.deepEqual(drops.counts(), { "told-forged": 1, "told-bad": 2 });
    });

    await t.test("the registry answers only to the one who asks, and only what is a question", async () => {
      const question = pack({ have: [["orders", null]] });
      const foreign = [
        `_R.shop.${shop.identity.instance}.registry.x1`,
        "reg.ev.policy",
        "mesh.orders.any.evil",
      ];
      for (const reply of foreign) nc.publish("reg.get.policy.evil", question, { reply });
      for (const junk of [Buffer.from("junk"), Buffer.alloc(200_000)])
        nc.publish("reg.get.policy.evil", junk, { reply: `${inbox}.registry.x1` });
      await until(() => drops.counts()["reply-foreign"] === 3 && drops.counts()["request-bad"] === 2);
      assert.deepEqual(shop.table.inStep, { lineage: "l1", revision: 1 });
    });

    await t.test("known: any sidecar may ask for the routing of any service", async () => {
      const answers: Buffer[] = [];
      nc.subscribe(`${inbox}.>`, { callback: (_, { data }) => void answers.push(Buffer.from(data)) });
      nc.publish("reg.get.policy.evil", pack({ have: [["secret", null]] }), {
        reply: `${inbox}.registry.x2`,
      });
      await until(() => answers.length > 0);
      assert.equal(readPolicyAnswer(answers[0]!)!.services[0]![0], "secret");
    });
  });
}
