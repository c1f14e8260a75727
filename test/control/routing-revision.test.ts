import assert from "node:assert/strict";
import { test } from "node:test";
import { nextRecord } from "../../src/control/edit/change.ts";
import { EVERY_SERVICE } from "../../src/control/record.ts";
import { meshWith } from "../access/scene.ts";
import { oneOf, seeded } from "../support/random.ts";
import { aPolicy, aRoute, editors, options } from "./editor-scene.ts";

/*
 * A sidecar tells the registry by one number what it holds of a service, and is sent nothing when the registry has the
 * same: so one number must never mean two things.
 */

test("what was deleted after the mesh's policy changed is sent, too", async (t) => {
  const { apply, held, editor } = await editors(t);
  await apply(aPolicy("billing"));
  await apply(meshWith({ default: "deny" }));
  await editor.delete([{ kind: "ServicePolicy", name: "billing" }], options);
  const { revision, policy, mesh } = held.routingOf("billing");
  assert.deepEqual(
    [revision, policy, mesh],
    [3, undefined, { authorization: { default: "deny", mode: "enforce" } }],
  );
  assert.equal(held.routingOf("web").revision, 2);
});

test("with the same revision a service has the same, whatever is applied, deleted and rolled back", async (t) => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seeded(seed);
    const { apply, held, editor } = await editors(t);
    const meant = new Map<string, string>();
    for (let i = 0; i < 40; i++) {
      const service = oneOf(random, ["orders", "billing", "web"]);
      const request = `${1 + Math.floor(random() * 3)}s`;
      const deeds = [
        () => apply(aPolicy(service, request)),
        () => apply(aRoute(`${service}-route`, { service, path: `/${request}` })),
        () => apply(meshWith({ default: oneOf(random, ["allow", "deny"]) })),
        () => editor.delete([{ kind: "MeshPolicy", name: "mesh" }], options),
        () => editor.delete([{ kind: "ServicePolicy", name: service }], options),
        () => editor.delete([{ kind: "HTTPRoute", name: `${service}-route` }], options),
        () => editor.rollback(1 + Math.floor(random() * held.revision), options),
      ];
      // What is not there can be neither deleted nor restored.
      await oneOf(random, deeds)().catch(() => undefined);
      for (const name of ["orders", "billing", "web"]) {
        const { revision, ...rest } = held.routingOf(name);
        const key = `${name} ${revision}`;
        const told = JSON.stringify(rest);
        assert.equal(meant.get(key) ?? told, told, `seed ${seed}, step ${i}: ${key}`);
        meant.set(key, told);
      }
    }
  }
});

test("services that have nothing any more are not remembered for ever", async (t) => {
  const { apply, held } = await editors(t);
  await apply(aPolicy("billing"));
  const record = {
    ...held.record!,
    services: new Map(
      ["billing", ...Array.from({ length: 1001 }, (_, i) => `gone-${i}`)].map((name) => [name, 1]),
    ),
  };
  const change = { change: "unchanged", key: "" } as const;
  const next = nextRecord(record, { entries: record.entries, changes: [change] }, 2, record);
  assert.deepEqual([...next.services].sort(), [
    [EVERY_SERVICE, 2],
    ["billing", 1],
  ]);
});
