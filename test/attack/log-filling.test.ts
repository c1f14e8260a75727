import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startBroker } from "../../broker/process.ts";
import { loadGranter } from "../../src/identity/authority/grant.ts";
import { bootstrap } from "../../src/identity/trust/bootstrap.ts";
import { grantedInstance } from "../support/secured-mesh.ts";
import { natsServers } from "../support/servers.ts";
import { stateFolder } from "../support/state.ts";
import { until } from "../support/until.ts";
import { rawClient } from "./raw-client.ts";

const MIB = 1 << 20;
/** One line of the log each; `max_control_line` takes a little more. */
const SUBJECT_BYTES = 60_000;
const FLOOD_BYTES = 80 * MIB;

for (const server of natsServers())
  test(`nats-server ${server.label}: a stolen key that is refused without end fills no disk, and nobody else reads the log`, async (t) => {
    const trust = await bootstrap(stateFolder(t));
    const folder = join(trust.stateDir, "broker-test");
    const broker = await startBroker({
      ...{ server: server.path, folder },
      config: { serverName: "test", host: "127.0.0.1", port: 0, trust, tls: trust.tls },
    });
    t.after(() => broker.stop());
    const granter = loadGranter(trust.stateDir, { brokers: [`127.0.0.1:${broker.port}`] });
    const { service, instance, credentials, nkey, tls } = await grantedInstance(granter, "evil");
    const thief = await rawClient({
      ...{ port: broker.port, service, instance, jwt: credentials.jwt()!, seed: nkey.seed(), tls },
    });
    t.after(() => thief.destroy());
    thief.resume();
    const refused = `PUB secret.${"x".repeat(SUBJECT_BYTES)} 0\r\n\r\n`;
    for (let sent = 0; sent < FLOOD_BYTES; sent += refused.length)
      if (!thief.write(refused)) await once(thief, "drain");

    const logs = () => readdirSync(folder).filter((name) => name.startsWith("nats-server.log"));
    const bytes = () => logs().reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
    await until(() => logs().length === 4, { withinMs: 20_000, what: "the log, and three old ones" });
    assert.ok(bytes() <= 41 * MIB, `${bytes()} bytes of log`);
    for (const name of logs()) assert.equal(statSync(join(folder, name)).mode & 0o077, 0, name);
  });
