import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import tls from "node:tls";
import { freePort } from "../../broker/ports.ts";
import { connectBus } from "../../src/bus/nats-bus.ts";
import { loadGranter } from "../../src/identity/authority/grant.ts";
import { partFolder } from "../../src/identity/trust/parts.ts";
import { ReplyIds, repliesTo } from "../../src/subjects/reply.ts";
import { type Subject, Subjects } from "../../src/subjects/subjects.ts";
import { grantedInstance } from "../support/secured-mesh.ts";
import { natsServers } from "../support/servers.ts";
import { until } from "../support/until.ts";
import { meshTrust, started } from "./mesh-broker.ts";
import { threeNodes } from "./three-nodes.ts";

const subjects = new Subjects();

for (const server of natsServers()) {
  test(`a call crosses a cluster of three ${server.label} from the first node to the third`, async (t) => {
    const { trust, settings } = await meshTrust(t);
    const nodes = await threeNodes(t, server.path, settings, trust.routeTls);
    const busOf = async (service: string, { port }: { port: number }) => {
      const granter = loadGranter(trust.stateDir, { brokers: [`127.0.0.1:${port}`] });
      const identity = await grantedInstance(granter, service);
      const bus = await connectBus(identity.credentials, service);
      t.after(() => bus.close());
      return { bus, instance: identity.instance };
    };
    const [caller, callee] = [await busOf("web", nodes[0]!), await busOf("orders", nodes[2]!)];
    const version = { kind: "version", version: "1" } as const;
    callee.bus.subscribe(subjects.inbound("orders", version), "orders", ({ data, reply }) =>
      callee.bus.send(reply as Subject, data),
    );
    const heard: string[] = [];
    caller.bus.subscribe(repliesTo("web", caller.instance), undefined, ({ data, noResponders }) => {
      if (!noResponders) heard.push(data.toString());
    });
    await Promise.all([caller.bus.flush(), callee.bus.flush()]);
    const ids = new ReplyIds("web", caller.instance);
    // Interest spreads after the routes are up, which may take a moment.
    await until(
      async () => {
        caller.bus.send(subjects.request("orders", version, "web"), Buffer.from("hello"), ids.next("orders"));
        await caller.bus.flush();
        return heard.length > 0;
      },
      { withinMs: 10_000 },
    );
    assert.equal(heard[0], "hello");
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
