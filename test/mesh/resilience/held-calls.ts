import type { TestContext } from "node:test";
import { type Asked, ask } from "../../support/ask.ts";
import { handledApp, type SidecarUnderTest } from "../../support/mesh.ts";
import { policy, type RoutedMesh, routedMesh } from "../../support/routed-mesh.ts";
import { until } from "../../support/until.ts";

export const noRetry = { attempts: 0 };

/** `200`, `503 overloaded`, … */
export const way = ({ status, headers }: Asked) =>
  headers["weft-error"] === undefined ? String(status) : `${status} ${headers["weft-error"]}`;

export const post = (from: SidecarUnderTest, path = "/", headers = {}) =>
  ask(from.listen, "orders.mesh", path, { method: "POST", body: path, headers });

/** One instance whose app the test answers, its policy, and a caller. */
export async function one(t: TestContext, spec: object) {
  const mesh = await routedMesh(t);
  const app = await handledApp(t);
  const orders = await mesh.serve("orders", app);
  await mesh.apply(policy("orders", spec));
  const shop = await mesh.caller();
  return { mesh, app, orders, shop };
}

export async function meshAndCaller(t: TestContext): Promise<{ mesh: RoutedMesh; shop: SidecarUnderTest }> {
  const mesh = await routedMesh(t);
  return { mesh, shop: await mesh.caller() };
}

/** Until the caller has been told of these instances: from then on it chooses among them. */
export async function knows(from: SidecarUnderTest, ...instances: SidecarUnderTest[]): Promise<void> {
  const known = async () => {
    const { text } = await ask(from.admin!, "localhost", "/endpoints");
    return instances.every(({ instance }) => text.includes(`"${instance}"`));
  };
  await until(known, { what: "the caller to know the instances" });
}

/** A call that an app has, and its answer. */
export async function held(
  app: Awaited<ReturnType<typeof handledApp>>,
  from: SidecarUnderTest,
  path = "/held",
) {
  const answer = post(from, path);
  // A test that does not ask for it may end before.
  answer.catch(() => {});
  const { response } = await app.next();
  return { answer, end: () => response.end("held") };
}
