import type { TestContext } from "node:test";
import { policy, routedMesh } from "./routed-mesh.ts";
import { until } from "./until.ts";
import { lines, type Wire, wireTo } from "./wire.ts";

/** A mesh with a calling sidecar `shop`, whose policy the test sets. */
export async function egressMesh(t: TestContext, egress?: object) {
  const mesh = await routedMesh(t);
  const shop = await mesh.caller();
  await until(async () => (await mesh.get("sidecars")).sidecars.length > 0, { what: "shop to be heard of" });
  const allow = (spec: object) => mesh.apply(policy("shop", { egress: spec }));
  if (egress !== undefined) await allow(egress);
  return { mesh, shop, allow };
}

/** Asks for a tunnel; the wire is in it when the head that came back says 200. */
export async function connectTo(
  t: TestContext,
  listen: string,
  authority: string,
): Promise<{ readonly wire: Wire; readonly head: string }> {
  const wire = await wireTo(t, listen);
  wire.send(lines(`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`));
  return { wire, head: await wire.head() };
}
