import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setPriority } from "node:os";
import { startSidecar } from "../../sidecar/sidecar.ts";
import { connectBus } from "../../src/bus/nats-bus.ts";
import { NKey } from "../../src/identity/keys/nkey.ts";
import type { Stolen } from "./raw-client.ts";

/** The service that is flooded, in a process of its own: a sidecar and its app. Tells its memory when asked. */

// Its machine is not that of the others, whose calls are measured meanwhile.
setPriority(19);

process.once("message", async ({ port, service, instance, jwt, seed, tls }: Stolen) => {
  const app = createServer((_, response) => response.end("ok"));
  await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
  const key = NKey.fromSeed(seed);
  const bus = await connectBus(
    {
      servers: () => [`127.0.0.1:${port}`],
      jwt: () => jwt,
      sign: (nonce) => key.sign(nonce),
      tls: () => ({ ...tls, servername: "nats.mesh" }),
    },
    service,
  );
  const sidecar = await startSidecar({
    ...{ mesh: "mesh", service, instance, version: "1", bus },
    app: { host: "127.0.0.1", port: (app.address() as AddressInfo).port },
    listen: { host: "127.0.0.1", port: 0 },
  });
  process.on("message", () => process.send?.({ peakBytes: process.resourceUsage().maxRSS * 1024 }));
  const timer = setInterval(() => {
    if (!sidecar.readiness().ready) return;
    clearInterval(timer);
    process.send?.("ready");
  }, 10);
});
process.on("disconnect", () => process.exit());
