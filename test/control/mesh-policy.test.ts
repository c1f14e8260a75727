import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeRecord, encodeRecord } from "../../src/control/store/encode.ts";
import { readPolicyEvent, readServiceRouting } from "../../src/control/wire.ts";
import { pack } from "../../src/registry/frame.ts";
import type { Subject } from "../../src/subjects/subjects.ts";
import { meshWith } from "../access/scene.ts";
import { aPolicy, editors, options } from "./editor-scene.ts";
import { HandSet, policyScene } from "./policy-table-scene.ts";

const mesh = { authorization: { default: "deny", mode: "enforce" } };

test("what holds for the mesh is in the routing of every service, also of those that have nothing else", async (t) => {
  const { apply, held, changes, editor } = await editors(t);
  await apply(aPolicy("billing"));
  await apply(meshWith({ default: "deny" }));
  for (const service of ["billing", "web"])
    assert.deepEqual([held.routingOf(service).revision, held.routingOf(service).mesh], [2, mesh], service);
  await apply(aPolicy("billing", "3s"));
  assert.deepEqual([held.routingOf("billing").revision, held.routingOf("web").revision], [3, 2]);
  assert.deepEqual(held.routingOf("billing").mesh, mesh);
  assert.deepEqual(held.routingOf("billing").policy?.spec.timeouts, { request: "3s" });

  await editor.delete([{ kind: "MeshPolicy", name: "mesh" }], options);
  for (const service of ["billing", "web"])
    assert.deepEqual(
      [held.routingOf(service).revision, held.routingOf(service).mesh],
      [4, undefined],
      service,
    );
  await editor.rollback(3, options);
  assert.deepEqual([held.routingOf("web").revision, held.routingOf("web").mesh], [5, mesh]);
  assert.deepEqual(changes, [[], ["billing"], ["*"], ["billing"], ["*"], ["*"]]);
  const kept = decodeRecord(encodeRecord(held.record!)!);
  assert.deepEqual(kept.services, held.record!.services);
});

test("an event about every service names none, so that every sidecar asks", async () => {
  const { broker, startRegistry } = policyScene();
  const set = new HandSet();
  startRegistry(set);
  const events: unknown[] = [];
  broker
    .connect()
    .subscribe("reg.ev.policy" as Subject, undefined, ({ data }) => events.push(readPolicyEvent(data)));
  set.revision = 1;
  set.tell(undefined);
  await new Promise(setImmediate);
  assert.deepEqual(events, [{ lineage: "l1", revision: 1, previous: 0 }]);
});

test("a sidecar passes over what a later registry says of the mesh, and misses nothing of an earlier one", () => {
  const routing = { service: "web", revision: 1, routes: [] };
  const later = { ...routing, mesh: { ...mesh, seal: { default: "on" } }, more: 1 };
  assert.deepEqual(readServiceRouting(pack(later)), { ...routing, mesh });
  assert.deepEqual(readServiceRouting(pack(routing)), routing);
  // A default that it cannot read is not "allow": the last good one stays.
  const unread = { ...routing, mesh: { authorization: { default: "ask", mode: "enforce" } } };
  assert.equal(readServiceRouting(pack(unread)), undefined);
});
