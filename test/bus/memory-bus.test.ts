import { MemoryBroker } from "../../src/bus/memory-bus.ts";
import { busContract } from "../contract/bus.ts";

busContract("memory bus", async () => {
  const broker = new MemoryBroker();
  return async () => broker.connect();
});
