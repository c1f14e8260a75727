import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Message } from "../../src/bus/bus.ts";
import {
  MAX_REQUEST_BYTES,
  readPolicyAnswer,
  readPolicyEvent,
  readServiceRouting,
} from "../../src/control/wire.ts";
import { pack, readAlive } from "../../src/registry/frame.ts";
import { HEARTBEAT_MS } from "../../src/registry/wire.ts";
import type { Subject } from "../../src/subjects/subjects.ts";
import { turns } from "../support/fake-clock.ts";
import { HandSet, policyScene, routeTo } from "./policy-table-scene.ts";

const REPLY = "_R.shop.s1.registry.x1" as Subject;

function setUp(maxPayload?: number) {
  const scene = policyScene(maxPayload);
  const set = new HandSet();
  const registry = scene.startRegistry(set);
  const sidecar = scene.broker.connect();
  const heard: Message[] = [];
  for (const subject of ["reg.ev.>", "_R.>"] as Subject[])
    sidecar.subscribe(subject, undefined, (message) => heard.push(message));
  const events = () =>
    heard.flatMap(({ subject, data }) => (subject === "reg.ev.policy" ? readPolicyEvent(data)! : []));
  const ask = async (request: unknown, reply = REPLY, subject = "reg.get.policy.shop") => {
    const before = heard.length;
    const data = Buffer.isBuffer(request) ? request : pack(request as object);
    sidecar.send(subject as Subject, data, reply);
    await turns();
    const message = heard.slice(before).find((one) => one.subject.startsWith("_R."));
    return message && readPolicyAnswer(message.data);
  };
  return { ...scene, ...registry, set, heard, events, ask };
}

const names = (answer: Awaited<ReturnType<ReturnType<typeof setUp>["ask"]>>) =>
  answer?.services.map(([service]) => service);

describe("the registry, of policy", () => {
  test("answers with what is not held already, and with an empty routing where there is none", async () => {
    const { set, ask } = setUp();
    set.apply({ orders: routeTo("orders", "1") });
    set.apply({ billing: routeTo("billing", "1") });
    const all = await ask({
      have: [
        ["orders", null],
        ["billing", null],
        ["shop", null],
      ],
    });
    assert.deepEqual([all!.lineage, all!.revision, names(all)], ["l1", 2, ["orders", "billing", "shop"]]);
    assert.deepEqual(readServiceRouting(all!.services[2]![1]), { service: "shop", revision: 0, routes: [] });
    const have = [
      ["orders", 1],
      ["billing", 1],
      ["shop", 0],
    ];
    assert.deepEqual(names(await ask({ have, lineage: "l1" })), ["billing"]);
    assert.deepEqual(names(await ask({ have, lineage: "l0" })), ["orders", "billing", "shop"]);
  });

  test("tells each change once, as the continuation of the one before", async () => {
    const { set, events } = setUp();
    set.apply({ orders: routeTo("orders", "1") });
    set.apply({ orders: routeTo("orders", "2") });
    set.lineage = "l2";
    set.apply({ orders: undefined });
    await turns();
    assert.deepEqual(events(), [
      { lineage: "l1", revision: 1, previous: 0, services: ["orders"] },
      { lineage: "l1", revision: 2, previous: 1, services: ["orders"] },
      { lineage: "l2", revision: 3 },
    ]);
  });

  test("names no services when they are many", async () => {
    const { set, events } = setUp();
    set.apply(Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`s-${i}`, undefined])));
    await turns();
    assert.deepEqual(events(), [{ lineage: "l1", revision: 1, previous: 0 }]);
  });

  test("says in each sign of life which policy it knows, and neither says nor answers before it knows", async () => {
    const { set, heard, clock, ask, events } = setUp();
    set.loaded = false;
    set.tell(["orders"]);
    await turns();
    heard.length = 0;
    await clock.run(HEARTBEAT_MS);
    assert.equal(readAlive(heard[0]!.data)?.policy, undefined);
    assert.equal(await ask({ have: [["orders", null]] }), undefined);
    assert.deepEqual(events(), []);
    set.loaded = true;
    heard.length = 0;
    await clock.run(HEARTBEAT_MS);
    assert.deepEqual(readAlive(heard[0]!.data)?.policy, { lineage: "l1", revision: 0 });
  });

  test("splits an answer under the broker's limit, and names what no message can hold", async () => {
    const { set, ask, drops } = setUp(8192);
    const routes = Object.fromEntries(["a", "b", "c"].map((name) => [name, routeTo(name, "1", 3000)]));
    set.apply({ huge: routeTo("huge", "1", 9000), ...routes });
    const have = ["huge", "a", "b", "c"].map((name) => [name, null]);
    const first = await ask({ have });
    assert.deepEqual([names(first), first!.more, first!.tooLarge], [["a", "b"], true, ["huge"]]);
    const rest = await ask({ have: have.slice(3) });
    assert.deepEqual([names(rest), rest!.more, rest!.tooLarge], [["c"], undefined, undefined]);
    assert.deepEqual(drops.counts(), { "policy-oversize": 1 });
  });

  test("is nobody's deputy, and counts what is no question", async () => {
    const { ask, drops } = setUp();
    const fine = { have: [["orders", null]] };
    for (const reply of ["mesh.billing.any.shop", "_R.billing.b1.registry.x1", "_R.shop.s1.orders.x1", ""])
      assert.equal(await ask(fine, reply as Subject), undefined, reply);
    assert.deepEqual(drops.counts(), { "reply-foreign": 4 });
    const bad = [
      Buffer.from("junk"),
      Buffer.alloc(MAX_REQUEST_BYTES + 1),
      {},
      { have: [["a.b", null]] },
      { have: [["orders", -1]] },
      { have: { orders: null } },
      { have: Array.from({ length: 1025 }, (_, i) => [`s-${i}`, null]) },
    ];
    for (const request of bad) assert.equal(await ask(request), undefined);
    assert.deepEqual(drops.counts(), { "reply-foreign": 4, "request-bad": bad.length });
  });
});
