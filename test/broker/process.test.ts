import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { connect as connectSocket, createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import tls from "node:tls";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "nats";
import type { BrokerEvent } from "../../broker/process.ts";
import { bootstrap, PART_LIFE_MS } from "../../src/identity/trust/bootstrap.ts";
import { natsServers, newestServer } from "../support/servers.ts";
import { stateFolder } from "../support/state.ts";
import { until } from "../support/until.ts";
import { meshTrust, started } from "./mesh-broker.ts";
import { script } from "./scripted-server.ts";

const config = { serverName: "weft-test", host: "127.0.0.1", port: 0 };
const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** The serial number of the certificate that the broker on this port shows. */
async function serialOf(port: number): Promise<string> {
  const socket = connectSocket(port, "127.0.0.1");
  await once(socket, "data"); // INFO comes before the handshake
  const secure = tls.connect({ socket, rejectUnauthorized: false }).on("error", () => {});
  await once(secure, "secureConnect");
  const { serialNumber } = secure.getPeerCertificate();
  secure.destroy();
  return serialNumber;
}

for (const server of natsServers()) {
  test(`the mesh's users reach a broker ${server.label} with TLS; only REG has JetStream`, async (t) => {
    const { folder, settings, connect } = await meshTrust(t);
    const broker = await started(t, {
      server: server.path,
      folder: join(folder, 'br "ö" ker'),
      config: { ...config, ...settings },
    });
    assert.equal(broker.version, server.label);
    assert.match(broker.url, /^tls:\/\/127\.0\.0\.1:\d+$/);
    assert.equal(statSync(broker.configFile).mode & 0o777, 0o600);
    assert.equal(statSync(broker.folder).mode & 0o777, 0o700);

    const registry = await connect("registry", [broker.url]);
    await assert.rejects(jetstreamManager(registry, { timeout: 500 }));
    const store = await jetstreamManager(await connect("registry-store", [broker.url]));
    await store.streams.add({ name: "KV_mesh-policy", subjects: ["$KV.mesh-policy.>"] });
    const system = await connect("system", [broker.url]);
    const answer = await system.request("$SYS.REQ.SERVER.PING.CONNZ", "", { timeout: 2000 });
    assert.match(answer.string(), /weft-test/);
  });

  test(`a client without a certificate of the mesh is refused by a broker ${server.label}`, async (t) => {
    const { settings, trust } = await meshTrust(t);
    const broker = await started(t, { server: server.path, config: { ...config, ...settings } });
    const tls = { servername: "nats.mesh", ca: readFileSync(trust.tls.caFile, "utf8") };
    await assert.rejects(connect({ servers: broker.url, tls, timeout: 500, reconnect: false }));
  });

  test(`a broker ${server.label} that is killed comes back on its port`, async (t) => {
    const events: BrokerEvent[] = [];
    const broker = await started(t, { server: server.path, onEvent: (event) => events.push(event) });
    const before = broker.pid();
    process.kill(before, "SIGKILL");
    await until(() => events.some(({ kind }) => kind === "restarted"));
    assert.deepEqual(events[0], { kind: "crashed", how: "ended by SIGKILL", lastWords: "" });
    assert.notEqual(broker.pid(), before);
    const nc = await connect({ servers: broker.url });
    await nc.close();
  });

  test(`a broker ${server.label} takes new settings without losing a connection`, async (t) => {
    const broker = await started(t, { server: server.path });
    const nc = await connect({ servers: broker.url, reconnect: false });
    t.after(() => nc.close());
    await broker.reload({ ...config, limits: { maxPayload: 4096 } });
    assert.match(readFileSync(broker.configFile, "utf8"), /max_payload: 4096/);
    const next = await connect({ servers: broker.url });
    assert.equal(next.info?.max_payload, 4096);
    await next.close();
    assert.equal(nc.isClosed(), false);
  });

  test(`a broker ${server.label} that refuses new settings goes on with the old ones`, async (t) => {
    const { settings } = await meshTrust(t);
    const broker = await started(t, { server: server.path, config: { ...config, ...settings } });
    const before = readFileSync(broker.configFile, "utf8");
    const tls = { ...settings.tls, certFile: "/absent.crt" };
    await assert.rejects(broker.reload({ ...config, ...settings, tls }), {
      name: "BrokerError",
      message: /refused the new configuration: .*absent\.crt/,
    });
    assert.equal(readFileSync(broker.configFile, "utf8"), before);
    assert.ok(alive(broker.pid()));
  });

  test(`a broker ${server.label} shows its renewed certificate after a reload`, async (t) => {
    const folder = stateFolder(t);
    const trust = await bootstrap(folder);
    const settings = { ...config, trust, tls: trust.tls };
    const broker = await started(t, { server: server.path, config: settings });
    const before = await serialOf(broker.port);
    const { made } = await bootstrap(folder, { now: Date.now() + 0.6 * PART_LIFE_MS });
    assert.ok(made.includes("broker"));
    await broker.reload();
    assert.notEqual(await serialOf(broker.port), before);
  });

  test(`stopping a broker ${server.label} ends it, twice as well as once`, async (t) => {
    const broker = await started(t, { server: server.path });
    const pid = broker.pid();
    await Promise.all([broker.stop(), broker.stop()]);
    await broker.exited;
    assert.equal(alive(pid), false);
    assert.match(readFileSync(broker.logFile, "utf8"), /Server Exiting/);
  });

  test(`a port that is taken is named, with who has it, before ${server.label} gives up`, async (t) => {
    const first = await started(t, { server: server.path });
    const again = started(t, { server: server.path, config: { ...config, port: first.port } });
    await assert.rejects(again, {
      name: "BrokerError",
      message: new RegExp(`port ${first.port} is taken by a nats-server .*weft-test.*--broker-port 0`),
    });
  });

  test(`what ${server.label} says of a bad certificate is passed on`, async (t) => {
    const { settings } = await meshTrust(t);
    const tls = { ...settings.tls, keyFile: "/absent.key" };
    const start = started(t, { server: server.path, config: { ...config, ...settings, tls } });
    await assert.rejects(start, {
      name: "BrokerError",
      message: /nats-server did not start: .*absent\.key/s,
    });
  });
}

test("a port taken by something that is no nats-server is named too", async (t) => {
  const holder = createServer().listen(0, "127.0.0.1");
  t.after(() => holder.close());
  await until(() => holder.listening);
  const { port } = holder.address() as { port: number };
  const start = started(t, { server: newestServer().path, config: { ...config, port } });
  await assert.rejects(start, { message: new RegExp(`^port ${port} is taken: stop that`) });
});

test("a server that keeps crashing is given up with its last words", async (t) => {
  const folder = stateFolder(t);
  const { path } = newestServer();
  // Runs well the first time only.
  const server = script(
    join(folder, "flaky"),
    `if [ -e ${folder}/ran ]; then echo "nats-server: out of luck" >&2; exit 1; fi; touch ${folder}/ran; exec ${path} "$@"`,
  );
  const events: BrokerEvent[] = [];
  const broker = await started(t, {
    server,
    patience: { restartAfterMs: 1, crashes: 3 },
    onEvent: (event) => events.push(event),
  });
  process.kill(broker.pid(), "SIGKILL");
  await assert.rejects(broker.exited, {
    name: "BrokerError",
    message: /crashed 3 times within 60 s .*out of luck.*the whole log/s,
  });
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ["crashed", "crashed", "crashed", "gave-up"],
  );
  await broker.stop();
});

test("a server that cannot be run is named", async (t) => {
  await assert.rejects(started(t, { server: "/absent/nats-server" }), {
    name: "BrokerError",
    message: /\/absent\/nats-server/,
  });
});

test("stopping while it is being restarted leaves nothing behind", async (t) => {
  const events: BrokerEvent[] = [];
  const broker = await started(t, {
    server: newestServer().path,
    patience: { restartAfterMs: 60_000 },
    onEvent: (event) => events.push(event),
  });
  process.kill(broker.pid(), "SIGKILL");
  await until(() => events.length > 0);
  await broker.stop();
  await broker.exited;
  assert.equal(alive(broker.pid()), false);
});
