import { httpGenerator } from "../load/http-generator.ts";
import type { StartPath } from "./path.ts";

/** Straight to the app: what the machine and the generator can do. */
export const startDirect: StartPath = async ({ self, folder, upstream }) => ({
  name: "direct",
  title: "straight to the app",
  processes: [],
  generate: httpGenerator(self, folder, { port: upstream.port, host: `127.0.0.1:${upstream.port}` }),
  stop: async () => {},
});
