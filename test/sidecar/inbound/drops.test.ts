import assert from "node:assert/strict";
import { test } from "node:test";
import { Drops } from "../../../sidecar/inbound/drops.ts";

test("a flood of junk is told in one line a minute, with how much there was", () => {
  let now = 0;
  const said: string[] = [];
  const drops = new Drops(
    (_, message) => said.push(message),
    () => now,
  );
  for (let i = 0; i < 1000; i++) drops.count("it is no frame", "mesh.orders.any.evil");
  now = 60_000;
  drops.count("it is no frame", "mesh.orders.any.evil");
  assert.deepEqual(said, [
    "1 message(s) dropped, the last on mesh.orders.any.evil: it is no frame",
    "1000 message(s) dropped, the last on mesh.orders.any.evil: it is no frame",
  ]);
});
