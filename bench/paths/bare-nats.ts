import type { LoadResult } from "../load/result.ts";
import { runLoad, startServing } from "../roles.ts";
import { startPlainBroker } from "./broker.ts";
import type { StartPath } from "./path.ts";

/** Request/reply over a plain broker, with no HTTP and no app: the price of the fabric alone. */
export const startBareNats: StartPath = async ({ self, folder }) => {
  const broker = await startPlainBroker(folder, "bare-nats-broker");
  const responder = await startServing(self, "responder", "nats-responder", { natsPort: broker.port }).catch(
    async (error) => {
      await broker.stop();
      throw error;
    },
  );
  return {
    name: "nats",
    title: "NATS request/reply alone, no HTTP, no app",
    processes: [broker, responder],
    generate: (scenario, timing, measuring) =>
      runLoad<LoadResult>(self, "nats-load", { natsPort: broker.port, scenario, ...timing }, measuring),
    stop: async () => void (await Promise.all([responder.stop(), broker.stop()])),
  };
};
