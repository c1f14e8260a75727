import assert from "node:assert/strict";
import { test } from "node:test";
import type { SidecarUnderTest } from "../../support/mesh.ts";
import { askEcho, route, routedMesh } from "../../support/routed-mesh.ts";
import { newestServer } from "../../support/servers.ts";
import { until } from "../../support/until.ts";
import { endOf, to } from "./cases.ts";
import { assertShares, plainVersion, tally } from "./tally.ts";

/** One rule that shares all calls of `echo`. */
const split = (weights: Readonly<Record<string, number>>): object =>
  route("echo", [
    { backendRefs: Object.entries(weights).flatMap(([version, weight]) => to(version, { weight })) },
  ]);

/** A registry that has just begun says of nobody that he was never there. */
const registrySettles = { withinMs: 10_000, what: "the registry to be sure who was never there" };

test("calls are shared among versions by weight", async (t) => {
  const mesh = await routedMesh(t, { server: newestServer() });
  const instances: SidecarUnderTest[] = [];
  for (const version of ["1", "2", "3"]) instances.push(await plainVersion(t, mesh, version));
  const shop = await mesh.caller();

  const allowed = async (resource: object) => {
    const { status } = await mesh.post("apply", { resources: [resource], allowUnknown: true });
    assert.equal(status, 200);
    await mesh.allInStep();
  };

  await t.test("10 to 90 over 20,000 calls", async (t) => {
    await mesh.apply(split({ 1: 90, 2: 10 }));
    assertShares(await tally(t, shop, 20_000), { v1: 90, v2: 10 });
  });

  await t.test("70 to 30 to nothing", async (t) => {
    await mesh.apply(split({ 1: 70, 2: 30, 3: 0 }));
    assertShares(await tally(t, shop, 2000), { v1: 70, v2: 30 });
  });

  await t.test("a weight that is not written is 1, and weights need not add up to anything", async (t) => {
    await mesh.apply(route("echo", [{ backendRefs: [...to("1"), ...to("2", { weight: 3 }), ...to("3")] }]));
    assertShares(await tally(t, shop, 2000), { v1: 1, v2: 3, v3: 1 });
  });

  await t.test("the same version may be named twice", async (t) => {
    await mesh.apply(route("echo", [{ backendRefs: [...to("1"), ...to("2"), ...to("1", { weight: 2 })] }]));
    assertShares(await tally(t, shop, 2000), { v1: 3, v2: 1 });
  });

  await t.test("a weight of 0 gets nothing, also when it is alone", async (t) => {
    await mesh.apply(split({ 1: 1, 2: 0 }));
    assert.deepEqual(await tally(t, shop, 300), { v1: 300 });
    for (const weights of [{ 2: 0 }, { 1: 0, 2: 0 }]) {
      await mesh.apply(split(weights));
      assert.deepEqual(await tally(t, shop, 20), { "500 no-backend": 20 });
    }
  });

  await t.test("the share of a version that the mesh has never seen is answered 500", async (t) => {
    const refused = await mesh.post("apply", { resources: [split({ 1: 3, 9: 1 })] });
    assert.equal(refused.status, 422);
    assert.equal(refused.body.findings[0].code, "unknown-version");
    await allowed(split({ 9: 1 }));
    await until(async () => (await endOf(shop, "echo.mesh")) === "500 unknown-backend", registrySettles);
    await allowed(split({ 1: 3, 9: 1 }));
    assertShares(await tally(t, shop, 600), { v1: 3, "500 unknown-backend": 1 });
  });

  await t.test("and that of an unknown service, until it is there", async () => {
    await allowed(route("echo", [{ backendRefs: [{ name: "late" }] }]));
    await until(async () => (await endOf(shop, "echo.mesh")) === "500 unknown-backend", registrySettles);
    await mesh.echo("late");
    assert.equal((await askEcho(shop, "echo.mesh")).echo?.service, "late");
  });

  await t.test(
    "the share of a version without an instance is answered 503, until there is one",
    async (t) => {
      await instances[1]!.leave(100);
      await mesh.apply(split({ 1: 3, 2: 1 }));
      await until(async () => (await endOf(shop, "v2.echo.mesh")) === "503 no-instance");
      assertShares(await tally(t, shop, 600), { v1: 3, "503 no-instance": 1 });
      await plainVersion(t, mesh, "2");
      assertShares(await tally(t, shop, 600), { v1: 3, v2: 1 });
    },
  );
});
