import assert from "node:assert/strict";
import { test } from "node:test";
import { type Permissions, sidecarPermissions, tapPermissions } from "../../src/subjects/permissions.ts";
import { callerOf, mayAnswer, parseReply, ReplyIds, repliesTo } from "../../src/subjects/reply.ts";
import { Subjects } from "../../src/subjects/subjects.ts";
import { serviceName, token } from "../../src/subjects/token.ts";

const subjects = new Subjects();

test("a request subject names callee, target and caller, in this order", () => {
  assert.equal(subjects.request("orders", { kind: "version", version: "2" }, "shop"), "mesh.orders.v-2.shop");
  assert.equal(
    subjects.request("orders", { kind: "instance", instance: "i7" }, "shop"),
    "mesh.orders.i-i7.shop",
  );
  assert.equal(subjects.request("orders", { kind: "any" }, "shop"), "mesh.orders.any.shop");
});

for (const hostile of ["*", ">", "a.b", "a b", "", "A", "é", "a\r\nPUB x", "a".repeat(64), "a_b"]) {
  test(`${JSON.stringify(hostile)} never becomes a part of a subject`, () => {
    assert.throws(() => subjects.request(hostile, { kind: "any" }, "shop"), { name: "NameError" });
    assert.throws(() => subjects.request("orders", { kind: "any" }, hostile), { name: "NameError" });
    assert.throws(() => subjects.request("orders", { kind: "version", version: hostile }, "s"), {
      name: "NameError",
    });
    assert.throws(() => new ReplyIds(hostile, "i1"), { name: "NameError" });
    assert.throws(() => new Subjects(hostile), { name: "NameError" });
  });
}

test("a name that is refused is answered with one that would do", () => {
  assert.throws(() => token("version", "1.2.0"), {
    message: /version "1\.2\.0" is not a name: .*for example "1-2-0"/,
  });
});

test("the mesh's own names are not for services", () => {
  for (const name of ["registry", "authority", "admin"])
    assert.throws(() => serviceName(name), { message: /is a name of the mesh itself/ });
});

test("reply subjects are unguessable, never the same twice, and name the responder", () => {
  const ids = new ReplyIds("shop", "s1");
  const [one, two] = [ids.next("orders"), ids.next("orders")];
  assert.notEqual(one, two);
  assert.match(one, /^_R\.shop\.s1\.orders\.[0-9a-f]{24}[0-9a-z]+-[0-9a-z]+$/);
  assert.notEqual(new ReplyIds("shop", "s1").next("orders").slice(0, 40), one.slice(0, 40));
  assert.deepEqual(parseReply(one)?.responder, "orders");
});

test("a responder answers only on a reply subject of the sender, issued to itself", () => {
  const request = "mesh.orders.v-1.shop";
  assert.equal(callerOf(request), "shop");
  assert.equal(mayAnswer(request, "_R.shop.s1.orders.x1", "orders"), true);
  const deputies = [
    "mesh.billing.v-1.orders",
    "_R.billing.b1.orders.x1",
    "_R.shop.s1.billing.x1",
    "_R.shop.s1.orders",
    "_R.shop.s1.orders.x1.more",
    "_R.shop.s1.orders.*",
    "_R.shop.>.orders.x",
    "_INBOX.shop.s1.orders.x1",
    "$JS.API.STREAM.DELETE.x",
    "reg.hb.orders.o1",
    "",
  ];
  for (const reply of deputies) assert.equal(mayAnswer(request, reply, "orders"), false, reply);
});

test("a sidecar's permissions are exactly those of the design", () => {
  const { pub, sub } = sidecarPermissions(subjects, { service: "orders", instance: "o1", version: "2" });
  assert.deepEqual(pub, [
    "mesh.*.*.orders",
    "_R.*.*.orders.>",
    "reg.hb.orders.o1",
    "reg.st.orders.o1",
    "reg.tap.*.orders.o1",
    "reg.get.*.orders",
  ]);
  assert.deepEqual(sub, [
    "mesh.orders.v-2.* orders",
    "mesh.orders.any.* orders",
    "mesh.orders.i-o1.*",
    "_R.orders.o1.>",
    "reg.ev.>",
  ]);
  const narrowed = sidecarPermissions(subjects, {
    service: "shop",
    instance: "s1",
    version: "1",
    callees: { only: ["orders"] },
  });
  assert.ok(narrowed.pub.includes("mesh.orders.*.shop") && !narrowed.pub.includes("mesh.*.*.shop"));
  assert.equal(repliesTo("shop", "s1"), "_R.shop.s1.>");
});

test("whom a sidecar may not hear from it may not answer, so it cannot fill that inbox either", () => {
  const who = { service: "orders", instance: "o1", version: "2" };
  const replies = ({ pub, pubDeny = [] }: Permissions) =>
    [pub, pubDeny].map((list) => list.filter((one) => one.startsWith("_R.")));
  const of = (callers: object) => replies(sidecarPermissions(subjects, { ...who, callers }));
  assert.deepEqual(of({}), [["_R.*.*.orders.>"], []]);
  assert.deepEqual(of({ not: ["shop"] }), [["_R.*.*.orders.>"], ["_R.shop.*.orders.>"]]);
  assert.deepEqual(of({ only: ["shop", "web"] }), [["_R.shop.*.orders.>", "_R.web.*.orders.>"], []]);
  assert.deepEqual(of({ only: [] }), [[], []]);
  const both = sidecarPermissions(subjects, {
    ...who,
    callees: { not: ["stock"] },
    callers: { not: ["web"] },
  });
  assert.deepEqual(both.pubDeny, ["mesh.stock.*.orders", "_R.web.*.orders.>"]);
});

test("who taps a service may hear that one tap, and publish nothing", () => {
  // An empty list alone would mean everything to nats-server.
  assert.deepEqual(tapPermissions("a1", "orders"), {
    ...{ pub: [], pubDeny: [">"], sub: ["reg.tap.a1.orders.*"] },
  });
  assert.throws(() => tapPermissions("*", "orders"), { name: "NameError" });
  assert.throws(() => tapPermissions("a1", "registry"), { name: "NameError" });
});
