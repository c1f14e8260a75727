import assert from "node:assert/strict";
import { test } from "node:test";
import { ask } from "../support/ask.ts";
import { routedMesh } from "../support/routed-mesh.ts";
import { until } from "../support/until.ts";

test("the registry knows within seconds who calls whom, and how both ends see it", async (t) => {
  const { get, echo, caller } = await routedMesh(t);
  await echo("orders");
  const shop = await caller("shop");
  for (let i = 0; i < 20; i++) await ask(shop.listen, "v1.orders.mesh", `/${i}`);
  await ask(shop.listen, "v9.orders.mesh");
  const edge = await until(
    async () => {
      const { edges } = await get("graph?window=1m");
      // biome-ignore lint/suspicious/noExplicitAny: what a client of the API sees
      return edges.find((one: Record<string, any>) => one.calls === 21 && one.atCallee?.calls === 20);
    },
    { what: "both ends to have reported all calls", withinMs: 20_000 },
  );
  const { from, to, calls, codes, versions, atCallee } = edge;
  assert.deepEqual(
    { from, to, calls, codes },
    {
      ...{ from: "shop", to: "orders", calls: 21 },
      codes: { "no-instance": 1 },
    },
  );
  const byVersion = versions.map(({ version, calls }: Record<string, unknown>) => [version, calls]);
  assert.deepEqual(byVersion, [
    ["1", 20],
    ["9", 1],
  ]);
  assert.deepEqual([atCallee.calls, atCallee.success], [20, 1]);
  const { nodes } = await get("graph?window=1m");
  assert.deepEqual(
    nodes.map(({ service, instances, sidecars }: Record<string, unknown>) => [service, instances, sidecars]),
    [
      ["orders", 1, 1],
      ["shop", 0, 1],
    ],
  );
});
