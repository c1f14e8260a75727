import { httpGenerator } from "../load/http-generator.ts";
import { freePort, type Started } from "../processes.ts";
import { startServing } from "../roles.ts";
import { startPlainBroker } from "./broker.ts";
import type { StartPath } from "./path.ts";

/** Raw sockets and the bare NATS protocol: the least that two sidecars on NATS can cost. */
export const startFloor: StartPath = async ({ self, folder, upstream }) => {
  const started: Started[] = [];
  const stop = async (): Promise<void> => void (await Promise.all(started.map((one) => one.stop())));
  try {
    const broker = await startPlainBroker(folder, "floor-broker");
    started.push(broker);
    const port = await freePort();
    const natsPort = broker.port;
    started.push(await startServing(self, "inbound", "relay-in", { natsPort, appPort: upstream.port }));
    started.push(await startServing(self, "outbound", "relay-out", { natsPort, port }));
    return {
      name: "floor",
      title: "raw sockets over bare NATS, no HTTP understood",
      processes: started,
      generate: httpGenerator(self, folder, { port, host: "echo.mesh" }),
      unfit: ({ bodyBytes }) =>
        bodyBytes > 8192 ? "the floor takes each read for a whole request" : undefined,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};
