import { join } from "node:path";
import type { TestContext } from "node:test";
import { freePort } from "../../broker/ports.ts";
import { BrokerError, type BrokerSettings } from "../../broker/process.ts";
import { stateFolder } from "../support/state.ts";
import { started } from "./mesh-broker.ts";

type Common = Pick<BrokerSettings, "trust" | "tls">;
type RouteTls = NonNullable<NonNullable<BrokerSettings["cluster"]>["tls"]>;

/** Three nodes on loopback. Their route ports must be known beforehand, so all is tried again when one was taken. */
export async function threeNodes(t: TestContext, server: string, common: Common, routeTls?: RouteTls) {
  for (let tries = 1; ; tries++) {
    const ports = [await freePort(), await freePort(), await freePort()];
    const routes = ports.map((port) => `127.0.0.1:${port}`);
    const folder = stateFolder(t);
    const nodes = ports.map((port, i) =>
      started(t, {
        server,
        folder: join(folder, `n${i}`),
        config: {
          ...common,
          serverName: `n${i}`,
          host: "127.0.0.1",
          port: 0,
          cluster: { name: "weft-test", host: "127.0.0.1", port, routes, ...(routeTls && { tls: routeTls }) },
        },
      }),
    );
    try {
      return await Promise.all(nodes);
    } catch (error) {
      const running = await Promise.allSettled(nodes);
      await Promise.all(running.map((node) => node.status === "fulfilled" && node.value.stop()));
      if (!(error instanceof BrokerError && error.takenPort) || tries === 3) throw error;
    }
  }
}
