import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SILENT_AFTER_MS } from "../../src/registry/wire.ts";
import { AFTER_RESTART_MS, setUp } from "./table-scene.ts";

describe("with three registries, a sidecar's table", () => {
  test("hears of each change once and survives the loss of any of them", async (t) => {
    const { clock, names, log, startRegistry, startInstance, table } = setUp(t);
    const replicas = [startRegistry(), startRegistry(), startRegistry()];
    startInstance("a");
    names();
    await clock.run(AFTER_RESTART_MS);
    const b = startInstance("b");
    await clock.run(1000);
    await b.leave();
    await clock.run(1000);
    assert.deepEqual(log, ["up orders a", "up orders b", "gone orders b left"]);
    for (const replica of replicas.slice(0, 2)) {
      await replica.stop();
      await clock.run(2 * SILENT_AFTER_MS);
    }
    assert.equal(table.state.kind, "following");
    startInstance("c");
    await clock.run(1000);
    assert.deepEqual(names(), ["a", "c"]);
    assert.deepEqual(log.slice(3), ["up orders c"]);
  });

  test("drops nothing because one of them has just started", async (t) => {
    const { clock, names, log, startRegistry, startInstance } = setUp(t);
    startRegistry();
    for (const name of ["a", "b", "c"]) startInstance(name);
    names();
    await clock.run(AFTER_RESTART_MS);
    for (let i = 0; i < 5; i++) {
      const extra = startRegistry();
      await clock.run(1500);
      await extra.stop();
      await clock.run(SILENT_AFTER_MS);
    }
    assert.deepEqual(log, ["up orders a", "up orders b", "up orders c"]);
  });
});
