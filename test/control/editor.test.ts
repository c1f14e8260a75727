import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { UnknownRevisionError } from "../../src/control/edit/editor.ts";
import { aPolicy, aRoute, codesOf, editors, options } from "./editor-scene.ts";

const done = (outcome: { readonly kind: string }) => {
  assert.equal(outcome.kind, "done", JSON.stringify(outcome));
  return outcome as Extract<
    Awaited<ReturnType<Awaited<ReturnType<typeof editors>>["apply"]>>,
    { kind: "done" }
  >;
};
const refused = (outcome: { readonly kind: string }) => {
  assert.equal(outcome.kind, "refused", JSON.stringify(outcome));
  return outcome as Extract<
    Awaited<ReturnType<Awaited<ReturnType<typeof editors>>["apply"]>>,
    { kind: "refused" }
  >;
};

describe("changing the policy", () => {
  test("what is applied is created, configured or unchanged, and each real change is one revision", async (t) => {
    const { apply, held, changes } = await editors(t);
    assert.deepEqual([held.loaded, held.revision], [true, 0]);
    const first = done(await apply(aRoute("orders"), aPolicy("billing")));
    assert.equal(first.revision, 1);
    assert.deepEqual(
      first.changes.map(({ change, key }) => `${change} ${key}`),
      ["created HTTPRoute/default/orders", "created ServicePolicy/default/billing"],
    );
    const second = done(await apply(aRoute("orders", { path: "/v2" }), aPolicy("billing")));
    assert.deepEqual(
      second.changes.map(({ change }) => change),
      ["configured", "unchanged"],
    );
    assert.notDeepEqual(second.changes[0]!.before, second.changes[0]!.after);
    const third = done(await apply(aRoute("orders", { path: "/v2" })));
    assert.deepEqual([third.revision, held.revision], [2, 2]);
    assert.deepEqual(changes, [[], ["billing", "orders"], ["orders"]]);
  });

  test("the routing of a service has its own revision, and is the same object until it changes", async (t) => {
    const { apply, held, editor, clock } = await editors(t);
    await apply(aRoute("orders"), aPolicy("billing"));
    const { orders, billing } = { orders: held.routingOf("orders"), billing: held.routingOf("billing") };
    clock.advance(1);
    await apply(aRoute("more", { path: "/more" }));
    assert.equal(held.routingOf("billing"), billing);
    assert.notEqual(held.routingOf("orders"), orders);
    assert.deepEqual([held.routingOf("orders").revision, held.routingOf("billing").revision], [2, 1]);
    assert.deepEqual(
      held.routingOf("orders").routes.map(({ metadata }) => metadata.name),
      ["orders", "more"],
    );
    assert.equal(held.routingOf("billing").policy?.spec.timeouts?.request, "2s");
    await editor.delete([{ kind: "HTTPRoute", name: "orders" }], options);
    assert.deepEqual([held.routingOf("orders").revision, held.routingOf("orders").routes.length], [3, 1]);
    await editor.delete([{ kind: "HTTPRoute", name: "more" }], options);
    assert.deepEqual(held.routingOf("orders"), { service: "orders", revision: 4, routes: [] });
  });

  test("a route that moves to another service changes both", async (t) => {
    const { apply, held, changes } = await editors(t);
    await apply(aRoute("a"), aRoute("b", { path: "/b" }));
    await apply(aRoute("a", { service: "billing" }));
    assert.deepEqual(changes.at(-1), ["billing", "orders"]);
    assert.deepEqual(
      held.routingOf("orders").routes.map(({ metadata }) => metadata.name),
      ["b"],
    );
  });

  test("older routes come first, those of one apply by their names", async (t) => {
    const { apply, held, clock } = await editors(t);
    await apply(
      aRoute("z", { path: "/z" }),
      aRoute("m", { path: "/m" }),
      aRoute("q", { path: "/q", namespace: "aa" }),
    );
    clock.advance(5);
    await apply(aRoute("a", { path: "/a" }));
    clock.advance(5);
    await apply(aRoute("z", { path: "/zz" }));
    const names = held.routingOf("orders").routes.map(({ metadata }) => metadata.name);
    assert.deepEqual(names, ["q", "m", "z", "a"]);
  });

  test("a dry run tells the same and does nothing", async (t) => {
    const { editor, apply, held, place } = await editors(t);
    await apply(aRoute("orders"));
    const { last } = place;
    const dry = { ...options, dryRun: true };
    const outcome = done(
      await editor.apply([aRoute("new", { path: "/new" })], { ...dry, allowUnknown: false }),
    );
    assert.deepEqual([outcome.dryRun, outcome.revision, outcome.changes[0]!.change], [true, 1, "created"]);
    done(await editor.delete([{ kind: "HTTPRoute", name: "orders" }], dry));
    done(await editor.rollback(0, dry));
    refused(await editor.apply([aRoute("bad", { service: "nobody" })], { ...dry, allowUnknown: false }));
    assert.deepEqual([held.revision, held.record?.entries.size, place.last], [1, 1, last]);
  });

  test("one error, and nothing is applied; all errors are told at once", async (t) => {
    const { apply, held } = await editors(t);
    const outcome = refused(
      await apply(
        aRoute("good"),
        { ...aRoute("typo"), spek: {} },
        aRoute("lost", { service: "order", path: "/x" }),
        aRoute("old", { path: "/y", version: "9" }),
        "no resource",
        aRoute("good", { path: "/twice" }),
      ),
    );
    assert.deepEqual(
      new Set(
        outcome.findings
          .filter(({ severity }) => severity === "error")
          .map(({ code, document }) => `${document} ${code}`),
      ),
      new Set(["1 unknown-field", "2 unknown-service", "3 unknown-version", "4 unknown-kind", "5 duplicate"]),
    );
    const lost = outcome.findings.find(({ code }) => code === "unknown-service")!;
    assert.match(lost.message, /did you mean "orders"/);
    assert.equal(lost.path, "spec.parentRefs[0].name");
    assert.equal(held.revision, 0);
  });

  test("what was never seen may be allowed, and is then a warning", async (t) => {
    const { editor } = await editors(t);
    const values = [aRoute("soon", { service: "soon", version: "7" })];
    const outcome = done(await editor.apply(values, { ...options, allowUnknown: true }));
    assert.deepEqual(codesOf(outcome), ["unknown-service", "unknown-service"]);
    assert.ok(outcome.findings.every(({ severity }) => severity === "warning"));
  });

  test("orders-v2 is version 2 of orders, wherever a service is named", async (t) => {
    const { apply, held } = await editors(t);
    const rule = {
      filters: [{ type: "RequestMirror", requestMirror: { backendRef: { name: "billing-v1" } } }],
      backendRefs: [{ name: "orders-v1", weight: 9 }, { name: "orders-v2" }],
    };
    done(await apply(aRoute("split", { rule, parent: { name: "orders-v1" } })));
    const { spec } = held.routingOf("orders").routes[0]!;
    assert.deepEqual([spec.parentRefs[0]!.name, spec.parentRefs[0]!.version], ["orders", "1"]);
    const [first, second] = spec.rules[0]!.backendRefs!;
    assert.deepEqual([first!.name, first!.version, first!.weight, second!.version], ["orders", "1", 9, "2"]);
    const again = done(await apply(aRoute("split", { rule, parent: { name: "orders-v1" } })));
    assert.equal(again.changes[0]!.change, "unchanged");
    assert.deepEqual(codesOf(await apply(aRoute("late", { path: "/late", to: "orders-v9" }))), [
      "unknown-version",
    ]);
  });

  test("a route that has the conditions of another is refused, until that one is gone", async (t) => {
    const { apply, editor } = await editors(t);
    await apply(aRoute("first"));
    const outcome = refused(await apply(aRoute("second")));
    assert.deepEqual([codesOf(outcome), outcome.findings[0]!.resource], [["conflict"], "HTTPRoute second"]);
    assert.match(
      outcome.findings[0]!.message,
      /HTTPRoute first .* orders, in spec\.rules\[0\]\.matches\[0\]/,
    );
    await editor.delete([{ kind: "HTTPRoute", name: "first" }], options);
    done(await apply(aRoute("second")));
    assert.deepEqual(codesOf(await apply(aPolicy("orders"), aPolicy("orders", "1s", "other"))), ["conflict"]);
  });

  test("deleting what is not there is refused, and then nothing is deleted", async (t) => {
    const { apply, editor, held } = await editors(t);
    await apply(aRoute("orders"));
    const names = [
      { kind: "HTTPRoute", name: "orders" } as const,
      { kind: "ServicePolicy", name: "orders" } as const,
    ];
    const outcome = refused(await editor.delete(names, options));
    assert.deepEqual([codesOf(outcome), outcome.findings[0]!.document], [["unknown-resource"], 1]);
    assert.equal(held.record?.entries.size, 1);
  });

  test("a rollback makes the policy what it was, ages included, under a new revision", async (t) => {
    const { apply, editor, held, clock } = await editors(t);
    await apply(aRoute("a", { path: "/a" }));
    clock.advance(10);
    await apply(aRoute("b", { path: "/b" }));
    const two = [...held.record!.entries].map(([key, { createdAt, resource }]) => [key, createdAt, resource]);
    await apply(aRoute("b", { path: "/bb" }), aPolicy("orders"));
    await editor.delete([{ kind: "HTTPRoute", name: "a" }], options);
    const back = done(await editor.rollback(2, options));
    assert.deepEqual(back.changes.map(({ change, key }) => `${change} ${key}`).sort(), [
      "configured HTTPRoute/default/b",
      "created HTTPRoute/default/a",
      "deleted ServicePolicy/default/orders",
    ]);
    assert.equal(held.revision, 5);
    assert.deepEqual(
      [...held.record!.entries].map(([key, { createdAt, resource }]) => [key, createdAt, resource]),
      two,
    );
    const before = done(await editor.rollback(undefined, options));
    assert.deepEqual([before.revision, held.record!.cause], [6, "rollback to 4"]);
    await assert.rejects(editor.rollback(77, options), UnknownRevisionError);
    done(await editor.rollback(0, options));
    assert.equal(held.record!.entries.size, 0);
  });

  test("the history tells who did what, the newest first, and each revision can be read", async (t) => {
    const { apply, editor, keeper } = await editors(t);
    await apply(aRoute("a"), aPolicy("orders"));
    await editor.delete([{ kind: "HTTPRoute", name: "a" }], { ...options, by: "ann" });
    const history = await keeper.history();
    assert.deepEqual(
      history.map(({ revision, by, cause, created, deleted }) => [revision, by, cause, created, deleted]),
      [
        [2, "ann", "delete", 0, 1],
        [1, "tester", "apply", 2, 0],
        [0, "registry", "start", 0, 0],
      ],
    );
    assert.equal((await keeper.recordAt(1))!.entries.size, 2);
    assert.equal(await keeper.recordAt(9), undefined);
  });

  test("what would not fit a message to a sidecar is refused", async (t) => {
    const { apply } = await editors(t, { maxPayload: 8192 });
    const long = (i: number) => aRoute(`r${i}`, { path: `/${"x".repeat(900)}/${i}` });
    const outcome = refused(await apply(...Array.from({ length: 8 }, (_, i) => long(i))));
    assert.deepEqual(codesOf(outcome), ["too-large"]);
    assert.match(outcome.findings[0]!.message, /service orders take \d+ bytes/);
    done(await apply(long(1), long(2)));
  });

  test("analysing changes nothing: as if applied, or what is applied", async (t) => {
    const { apply, editor, held } = await editors(t);
    const rule = { backendRefs: [{ name: "orders", weight: 0 }] };
    assert.deepEqual(codesOf(await apply(aRoute("zero", { rule }))), ["no-weight"]);
    assert.deepEqual(
      (await editor.analyse([])).map(({ code, document }) => [code, document]),
      [["no-weight", undefined]],
    );
    const found = await editor.analyse([aRoute("other", {}), aRoute("x", { service: "ordrs", path: "/x" })]);
    assert.deepEqual(
      found.map(({ code, document }) => [code, document]),
      [
        ["conflict", 0],
        ["unknown-service", 1],
        ["unknown-service", 1],
      ],
    );
    assert.equal(held.revision, 1);
  });
});
