import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { MAX_JSON_BYTES } from "../../src/control/store/encode.ts";
import { MemoryPolicyStore } from "../../src/control/store/memory-store.ts";
import { turns } from "../support/fake-clock.ts";
import { aPolicy, aRoute, codesOf, editors, options } from "./editor-scene.ts";

/** A store that can be away, before a write or after it. */
class Moody extends MemoryPolicyStore {
  away: "no" | "yes" | "after-writing" = "no";

  override async read(known: number | undefined) {
    if (this.away === "yes") throw new Error("no answer");
    return super.read(known);
  }

  override async append(value: Uint8Array, after: number) {
    if (this.away === "yes") throw new Error("no answer");
    const sequence = await super.append(value, after);
    if (this.away === "no") return sequence;
    this.away = "yes";
    throw new Error("no answer");
  }

  override async history() {
    if (this.away !== "no") throw new Error("no answer");
    return super.history();
  }
}

describe("registries that share a store", () => {
  test("both of two who apply at once are kept, under one lineage", async (t) => {
    const one = await editors(t);
    const two = await one.open();
    assert.equal(one.held.lineage, two.held.lineage);
    const outcomes = await Promise.all([
      one.apply(aRoute("a", { path: "/a" })),
      two.apply(aRoute("b", { path: "/b" })),
    ]);
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ["done", "done"],
    );
    await one.clock.run(100);
    for (const { held } of [one, two]) assert.deepEqual([held.revision, held.record!.entries.size], [2, 2]);
    assert.deepEqual(one.held.record, two.held.record);
  });

  test("of two that contradict each other, the later is refused as if it had come later", async (t) => {
    const one = await editors(t);
    const two = await one.open();
    const outcomes = await Promise.all([one.apply(aRoute("a")), two.apply(aRoute("b"))]);
    assert.deepEqual(outcomes.map(({ kind }) => kind).sort(), ["done", "refused"]);
    assert.deepEqual(codesOf(outcomes.find(({ kind }) => kind === "refused")!), ["conflict"]);
  });

  test("many at once are all kept, each once", async (t) => {
    const one = await editors(t);
    const two = await one.open();
    const names = Array.from({ length: 12 }, (_, i) => `r${i}`);
    const all = names.map((name, i) => (i % 2 ? one : two).apply(aRoute(name, { path: `/${name}` })));
    assert.ok((await Promise.all(all)).every(({ kind }) => kind === "done"));
    await one.clock.run(100);
    assert.deepEqual([one.held.revision, one.held.record!.entries.size, two.held.revision], [12, 12, 12]);
  });

  test("the other hears of a change at once, and of the services that it changes", async (t) => {
    const one = await editors(t);
    const two = await one.open();
    await one.apply(aRoute("a"), aPolicy("billing"));
    await one.clock.run(100);
    assert.deepEqual(two.changes, [[], ["billing", "orders"]]);
  });
});

describe("a store in trouble", () => {
  const setUp = async (t: import("node:test").TestContext) => {
    const first = await editors(t);
    await first.apply(aRoute("a"));
    const store = new Moody(first.place);
    return { ...first, store };
  };

  test("that is away: what was read goes on, a change is refused with the cure, and later it works", async (t) => {
    const { open, store, clock } = await setUp(t);
    const { held, keeper, editor, apply } = await open(store);
    store.away = "yes";
    await assert.rejects(apply(aRoute("b", { path: "/b" })), {
      name: "UnavailableError",
      code: "store-away",
      message: /JetStream/,
    });
    await assert.rejects(keeper.history(), { code: "store-away" });
    assert.deepEqual(
      [keeper.state.kind, held.revision, held.routingOf("orders").routes.length],
      ["away", 1, 1],
    );
    assert.equal(
      (await editor.apply([aRoute("b", { path: "/b" })], { ...options, dryRun: true, allowUnknown: false }))
        .kind,
      "done",
    );
    store.away = "no";
    await clock.run(20_000);
    assert.equal(keeper.state.kind, "kept");
    assert.equal((await apply(aRoute("b", { path: "/b" }))).kind, "done");
  });

  test("that wrote and did not say so: the change is found when it is back, and made once", async (t) => {
    const { open, store, clock } = await setUp(t);
    const { held, apply, changes } = await open(store);
    store.away = "after-writing";
    await assert.rejects(apply(aRoute("b", { path: "/b" })), {
      code: "store-away",
      message: /may have been kept/,
    });
    assert.equal(held.revision, 1);
    store.away = "no";
    await clock.run(20_000);
    assert.deepEqual([held.revision, changes.at(-1)], [2, ["orders"]]);
    assert.equal((await apply(aRoute("b", { path: "/b" }))).kind, "done");
    assert.equal(held.revision, 2);
  });

  test("that is away at the start: nothing is known, so nothing is said", async (t) => {
    const { open, store, clock } = await setUp(t);
    store.away = "yes";
    const { held, apply, editor } = await open(store);
    assert.equal(held.loaded, false);
    await assert.rejects(apply(aRoute("b")), {
      code: "store-away",
      message: /no answer.*nothing was changed/,
    });
    await assert.rejects(editor.analyse([]), { code: "policy-loading" });
    store.away = "no";
    await clock.run(20_000);
    assert.deepEqual([held.loaded, held.revision], [true, 1]);
  });

  const head = {
    format: 1,
    lineage: "l",
    revision: 2,
    at: 0,
    by: "x",
    cause: "apply",
    created: 0,
    configured: 0,
    deleted: 0,
  };
  const line = (changes: object) => Buffer.from(`${JSON.stringify({ ...head, ...changes })}\n`);
  const packed = (value: unknown) => Buffer.concat([line({}), gzipSync(JSON.stringify(value))]);
  const DAMAGED: readonly (readonly [string, Buffer, RegExp])[] = [
    ["is no policy", Buffer.from("hello"), /no policy/],
    ["is empty", Buffer.alloc(0), /no policy/],
    ["is of a later version", line({ format: 2 }), /later version/],
    [
      "is cut off",
      packed({ services: {}, entries: [] }).subarray(0, -5),
      /revision 2 in the store is damaged/,
    ],
    ["is a bomb", Buffer.concat([line({}), gzipSync(Buffer.alloc(MAX_JSON_BYTES + 1, 32))]), /damaged/],
    [
      "has a resource that cannot be read",
      packed({
        services: {},
        entries: [{ createdAt: 0, revision: 1, resource: { ...aRoute("new"), future: 1 } }],
      }),
      /cannot read: HTTPRoute new/,
    ],
  ];
  for (const [what, value, message] of DAMAGED)
    test(`whose record ${what}: it never counts as no policy, and a rollback mends it`, async (t) => {
      const before = await setUp(t);
      await before.store.append(value, before.place.last);
      const { held, keeper, editor, apply } = await before.open();
      assert.deepEqual([held.loaded, keeper.state.kind], [false, "broken"]);
      assert.match(keeper.state.cause!, message);
      await assert.rejects(apply(aRoute("b")), { code: "store-broken", message: /weft rollback/ });
      // The registry that was there keeps what it had.
      await before.clock.run(5000);
      assert.deepEqual([before.held.revision, before.keeper.state.kind], [1, "broken"]);
      assert.equal((await editor.rollback(1, options)).kind, "done");
      await before.clock.run(5000);
      for (const one of [keeper, before.keeper]) assert.equal(one.state.kind, "kept");
      for (const one of [held, before.held]) {
        assert.deepEqual([...one.record!.entries.keys()], ["HTTPRoute/default/a"]);
        assert.ok(one.revision > 1);
      }
    });

  test("that has lost everything gets it back from a registry that still knows", async (t) => {
    const { place, clock, held, keeper } = await setUp(t);
    const { record } = held;
    place.kept = [];
    place.last = 0;
    await clock.run(5000);
    assert.deepEqual([held.record, keeper.state.kind], [record, "kept"]);
    assert.equal((await keeper.history())[0]!.revision, 1);
  });

  test("that has lost everything gets it back, too, when a new registry came first", async (t) => {
    const { open, place, clock, held } = await setUp(t);
    const { record } = held;
    place.kept = [];
    place.last = 0;
    const fresh = await open();
    assert.notEqual(fresh.held.lineage, record!.lineage);
    await clock.run(5000);
    assert.deepEqual([held.record, fresh.held.record], [record, record]);
  });

  test("what another registry has changed a moment ago counts, though nobody has told it yet", async (t) => {
    const one = await editors(t);
    const two = await one.open();
    await one.apply(aRoute("a"));
    await two.editor.delete([{ kind: "HTTPRoute", name: "a" }], options);
    const again = await one.apply(aRoute("a"));
    assert.ok(again.kind === "done" && again.changes[0]!.change === "created");
  });

  test("that answers while a registry closes does no harm", async (t) => {
    const { open, store, clock } = await setUp(t);
    const { keeper } = await open(store);
    const closed = keeper.close();
    await clock.run(20_000);
    await closed;
    await turns();
  });
});
