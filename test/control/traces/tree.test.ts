import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Account } from "../../../src/control/explain/account.ts";
import { treeOf } from "../../../src/control/traces/tree.ts";
import { anAccount, served } from "./notes.ts";

const shape = (accounts: readonly Account[]): string[] =>
  treeOf(accounts).map(
    ({ depth, side, service, instance, callee, startMs }) =>
      `${"  ".repeat(depth)}${side === "client" ? `${service} to ${callee}` : `${service} ${instance}`} at ${startMs}`,
  );
const attempt = (instance: string, status = 200) => ({ instance, code: "", status, ms: 5 });

describe("the tree of a trace", () => {
  test("has the callee's account below the caller's, and below it the calls that it made meanwhile", () => {
    const onward = { service: "orders", instance: "o1", caller: "orders", callee: "billing" } as const;
    const accounts = [
      served({ service: "billing", instance: "b1", caller: "orders", callee: "billing", at: 1006, ms: 3 }),
      anAccount({ ...onward, at: 1005, ms: 5, attempts: [attempt("b1")] }),
      served(),
      anAccount(),
    ];
    assert.deepEqual(shape(accounts), [
      "shop to orders at 0",
      "  orders o1 at 1",
      "    orders to billing at 5",
      "      billing b1 at 6",
    ]);
    assert.deepEqual(
      treeOf(accounts).map(({ parent }) => parent),
      [undefined, 0, 1, 2],
    );
  });

  test("has each attempt's callee: retries, hedges, and an attempt of which nobody said who had it", () => {
    const attempts = [attempt("o1", 503), attempt("o2"), attempt("")];
    assert.deepEqual(
      shape([
        anAccount({ attempts, ms: 100 }),
        served({ instance: "o1" }),
        served({ instance: "o2", at: 1010 }),
        served({ instance: "o3", at: 1020 }),
      ]),
      ["shop to orders at 0", "  orders o1 at 1", "  orders o2 at 10", "  orders o3 at 20"],
    );
  });

  const copy = { mirrored: true, callee: "shadow", attempts: [attempt("x1")], at: 1000.5 };
  const copyServed = served({
    service: "shadow",
    instance: "x1",
    callee: "shadow",
    mirrored: true,
    at: 1002,
  });

  test("has a mirror's copy below the call that it is of, beside that call's callee", () => {
    assert.deepEqual(shape([anAccount(), served(), anAccount(copy), copyServed]), [
      "shop to orders at 0",
      "  shop to shadow at 0.5",
      "    shadow x1 at 2",
      "  orders o1 at 1",
    ]);
    const rows = treeOf([anAccount({ attempts: [attempt("s1")] }), anAccount({ ...copy, at: 1000 })]);
    assert.deepEqual(
      rows.map(({ parent, silent }) => [parent, silent]),
      [
        [undefined, ["s1"]],
        [0, ["x1"]],
      ],
    );
  });

  test("tells which of several calls a copy is of by its rule and by what it asks for, else by when it began", () => {
    const calls = [
      anAccount({ at: 1000, route: "orders", rule: "copied" }),
      anAccount({ at: 1001, route: "orders", rule: "copied", path: "/y" }),
      anAccount({ at: 1002, path: "/z" }),
      anAccount({ at: 1003, instance: "s2" }),
      anAccount({ at: 1009 }),
    ];
    const from = (over: Partial<Account>) => {
      const rows = treeOf([...calls, anAccount({ ...copy, at: 1005, ...over })]);
      return rows[rows.find(({ mirrored }) => mirrored)!.parent!]!.at;
    };
    assert.equal(from({ route: "orders", rule: "copied" }), 1000);
    assert.equal(from({ route: "orders", rule: "copied", path: "/rewritten" }), 1001);
    assert.equal(from({ route: "orders", rule: "other" }), 1002);
  });

  test("has a copy below what its sidecar was serving when the call that it is of is forgotten", () => {
    assert.deepEqual(shape([served({ service: "shop", instance: "s1", at: 1000 }), anAccount(copy)]), [
      "shop s1 at 0",
      "  shop to shadow at 0.5",
    ]);
  });

  test("sets a clock right that cannot be, and with it all that this sidecar told", () => {
    const onward = { service: "orders", instance: "o1", caller: "orders", callee: "billing", attempts: [] };
    assert.deepEqual(
      shape([anAccount(), served({ at: 61_000, ms: 10 }), anAccount({ ...onward, at: 61_004, ms: 2 })]),
      ["shop to orders at 0", "  orders o1 at 5", "    orders to billing at 9"],
    );
  });

  test("tells two calls at once apart by what they ask for, or by which of them took long enough", () => {
    const call = (at: number, path: string, ms: number) =>
      anAccount({ at, path, ms, attempts: [{ ...attempt("o1"), ms }] });
    const pairs = (accounts: readonly Account[]) =>
      treeOf(accounts)
        .filter(({ side }) => side === "server")
        .map(({ path, parent, ms }) => [path, ms, treeOf(accounts)[parent!]!.ms]);
    const quickFirst = [served({ at: 1001, path: "/8", ms: 55 }), served({ at: 1002, path: "/7", ms: 10 })];
    assert.deepEqual(pairs([call(1000, "/7", 15), call(1001, "/8", 69), ...quickFirst]), [
      ["/7", 10, 15],
      ["/8", 55, 69],
    ]);
    const rewritten = quickFirst.map((one) => ({ ...one, path: "/x" }));
    assert.deepEqual(pairs([call(1000, "/7", 15), call(1001, "/8", 69), ...rewritten]), [
      ["/x", 10, 15],
      ["/x", 55, 69],
    ]);
  });

  test("tells two calls of one caller apart by when they were made", () => {
    const rows = treeOf([
      anAccount(),
      anAccount({ at: 1500 }),
      served({ at: 1501 }),
      served({ at: 1001, path: "/y" }),
    ]);
    assert.deepEqual(
      rows.map(({ at, parent }) => [at, parent]),
      [
        [1000, undefined],
        [1001, 0],
        [1500, undefined],
        [1501, 2],
      ],
    );
  });

  test("names who had a call and tells nothing, but no host outside the mesh", () => {
    const rows = treeOf([
      anAccount({ attempts: [attempt("o1", 503), attempt("o2")] }),
      served({ instance: "o2" }),
      anAccount({ callee: "egress:example.com", attempts: [attempt("example.com")] }),
    ]);
    assert.deepEqual(
      rows.map(({ silent }) => silent),
      [["o1"], undefined, undefined],
    );
    assert.deepEqual(treeOf([]), []);
  });
});
