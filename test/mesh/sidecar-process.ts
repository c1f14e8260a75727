import { parseArgs } from "node:util";
import { startSidecar } from "../../sidecar/sidecar.ts";
import { connectBus } from "../../src/bus/nats-bus.ts";
import { openCredentials } from "../support/open-credentials.ts";

/** A sidecar in a process of its own, for tests that kill it or read what it prints. Ends when its input does. */
const { values } = parseArgs({
  options: {
    nats: { type: "string", default: "" },
    service: { type: "string", default: "" },
    instance: { type: "string", default: "p1" },
    "app-port": { type: "string" },
  },
});
const bus = await connectBus(openCredentials(values.nats), values.service);
const port = values["app-port"];
const sidecar = await startSidecar({
  ...{ mesh: "mesh", service: values.service, instance: values.instance, version: "1", bus },
  ...(port === undefined ? {} : { app: { host: "127.0.0.1", port: Number(port) } }),
  listen: { host: "127.0.0.1", port: 0 },
  accessLog: "stdout",
});
const timer = setInterval(async () => {
  if (!sidecar.readiness().ready) return;
  clearInterval(timer);
  await bus.flush();
  process.stdout.write(`${JSON.stringify({ listen: sidecar.listen })}\n`);
}, 10);
process.stdin.resume().once("end", async () => {
  await sidecar.leave(10_000);
  await sidecar.close(0);
  await bus.close();
});
