import assert from "node:assert/strict";
import { test } from "node:test";
import { type InstanceView, instanceRows, serviceRows } from "../../../src/cli/get/rows.ts";

const NOW = Date.UTC(2026, 10, 23);

const anInstance = (over: Partial<InstanceView> = {}): InstanceView => ({
  ...{ service: "orders", instance: "o1", version: "2", state: "up" },
  startedAt: new Date(NOW - 302_000).toISOString(),
  ...over,
});

const rowOf = (over: Partial<InstanceView>) => {
  const [head, row] = instanceRows([anInstance(over)], NOW);
  return Object.fromEntries(head!.map((name, i) => [name, row![i]]));
};

test("an instance is shown with its state, its age and what it did", () => {
  assert.deepEqual(rowOf({ zone: "north", stats: { calls: 7, errors: 1 } }), {
    ...{ SERVICE: "orders", VERSION: "2", INSTANCE: "o1", STATE: "up", "EJECTED BY": "-" },
    ...{ ZONE: "north", AGE: "5m2s", CALLS: "7", ERRORS: "1" },
  });
});

test("an instance at its limit is shown as that while it is up", () => {
  const stats = { calls: 7, errors: 1, full: true };
  assert.equal(rowOf({ stats }).STATE, "up, at its limit");
  assert.equal(rowOf({ stats, state: "silent" }).STATE, "silent");
});

test("an instance that callers have ejected is shown with who they are, the first three by name", () => {
  const by = (...services: string[]) => rowOf({ ejectedBy: { services, sidecars: 9 } })["EJECTED BY"];
  assert.equal(by("shop"), "shop");
  assert.equal(by("shop", "web"), "shop,web");
  assert.equal(by("a", "b", "c", "d", "e"), "a,b,c +2");
});

test("a service that callers have given up is shown with who they are", () => {
  const service = { service: "orders", instances: 2, versions: ["1", "2"], lastSeen: "" };
  const ejectedBy = { services: ["shop", "web"], sidecars: 3 };
  assert.deepEqual(serviceRows([{ ...service, ejectedBy }, service]), [
    ["SERVICE", "INSTANCES", "VERSIONS", "EJECTED BY"],
    ["orders", "2", "1,2", "shop,web"],
    ["orders", "2", "1,2", "-"],
  ]);
});
