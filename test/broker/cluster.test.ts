import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import tls from "node:tls";
import { freePort } from "../../broker/ports.ts";
import { partFolder } from "../../src/identity/trust/parts.ts";
import { natsServers } from "../support/servers.ts";
import { until } from "../support/until.ts";
import { meshTrust, started } from "./mesh-broker.ts";
import { threeNodes } from "./three-nodes.ts";

for (const server of natsServers()) {
  test(`a call crosses a cluster of three ${server.label} from the first node to the third`, async (t) => {
    const { trust, settings, connect } = await meshTrust(t);
    const nodes = await threeNodes(t, server.path, settings, trust.routeTls);
    // SYS is the one account whose test user may call and answer as it likes; it crosses the same routes.
    const caller = await connect("system", [nodes[0]!.url]);
    const responder = await connect("system", [nodes[2]!.url]);
    assert.equal(caller.info?.server_name, "n0");
    assert.equal(responder.info?.server_name, "n2");
    responder.subscribe("echo", { callback: (_error, message) => void message.respond(message.data) });
    await responder.flush();
    // Interest spreads after the routes are up, which may take a moment.
    const answer = await until(
      () => caller.request("echo", "hello", { timeout: 300 }).catch(() => undefined),
      {
        withinMs: 10_000,
      },
    );
    assert.equal(answer.string(), "hello");
  });

  test(`a client certificate of the mesh opens no route into a cluster of ${server.label}`, async (t) => {
    const { trust, settings } = await meshTrust(t);
    const port = await freePort();
    const routes = [`127.0.0.1:${port}`];
    const local = { host: "127.0.0.1", port: 0 };
    const node = await started(t, {
      server: server.path,
      config: {
        ...settings,
        ...local,
        serverName: "n0",
        cluster: { name: "weft-test", host: "127.0.0.1", port, routes, tls: trust.routeTls },
      },
    });
    const user = partFolder(trust.stateDir, "admin");
    const [cert, key] = ["tls.crt", "tls.key"].map((name) => readFileSync(join(user, name), "utf8"));
    // Routes begin with the handshake. What our side thinks of the other's certificate is of no interest here.
    const intruder = tls.connect({ port, host: "127.0.0.1", cert, key, rejectUnauthorized: false });
    intruder.on("error", () => {});
    t.after(() => intruder.destroy());
    const refusal = /TLS route handshake error: .*(unknown authority|bad certificate)/;
    await until(() => refusal.test(readFileSync(node.logFile, "utf8")));
  });
}
