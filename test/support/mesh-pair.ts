import type { TestContext } from "node:test";
import type { SidecarOptions } from "../../sidecar/options.ts";
import { type TestBroker, testBroker } from "./broker.ts";
import { type SidecarUnderTest, testSidecar } from "./mesh.ts";
import type { TestServer } from "./servers.ts";

export interface MeshPair {
  readonly broker: TestBroker;
  /** The callee. */
  readonly orders: SidecarUnderTest;
  /** A caller without an app of its own. */
  readonly shop: SidecarUnderTest;
}

interface PairOptions {
  readonly server?: TestServer;
  readonly shop?: Partial<SidecarOptions>;
  readonly orders?: Partial<SidecarOptions>;
}

/** A broker, one instance of `orders` before `app`, and a caller `shop`. */
export async function meshPair(
  t: TestContext,
  app: { readonly host: string; readonly port: number },
  { server, shop, orders }: PairOptions = {},
): Promise<MeshPair> {
  const broker = await testBroker(t, server === undefined ? {} : { server });
  const address = { host: app.host, port: app.port };
  const [callee, caller] = await Promise.all([
    testSidecar(broker, "orders", { app: address, instance: "o1", ...orders }),
    testSidecar(broker, "shop", { instance: "s1", ...shop }),
  ]);
  return { broker, orders: callee, shop: caller };
}
