import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { quoted } from "../../broker/conf-text.ts";
import { type BrokerConfig, renderConfig } from "../../broker/config.ts";
import { natsServers } from "../support/servers.ts";
import { stateFolder } from "../support/state.ts";
import { meshTrust } from "./mesh-broker.ts";

const plain: BrokerConfig = { serverName: "one", host: "127.0.0.1", port: 4222, dataDir: "/data" };

for (const server of natsServers()) {
  const accepts = (folder: string, text: string): string => {
    const file = join(folder, "nats-server.conf");
    writeFileSync(file, text);
    return execFileSync(server.path, ["-t", "-c", file], { encoding: "utf8", stdio: "pipe" });
  };

  test(`nats-server ${server.label} accepts all that can be rendered at once`, async (t) => {
    const { folder, trust, settings } = await meshTrust(t);
    const odd = join(folder, `a "quoted" \\back\\ $slash {é} #5`);
    const config: BrokerConfig = {
      ...plain,
      ...settings,
      dataDir: odd,
      logFile: join(odd, "log"),
      portsDir: odd,
      monitorPort: 8222,
      limits: {
        maxPayload: 2 << 20,
        maxConnections: 100,
        maxSubscriptions: 50,
        maxPending: 8 << 20,
        writeDeadlineMs: 2500,
        pingIntervalMs: 1500,
      },
      cluster: { name: "c1", host: "::", port: 6222, routes: ["one:6222", "two:6222"], tls: trust.routeTls },
    };
    accepts(folder, renderConfig(config));
  });

  test(`nats-server ${server.label} accepts the least that can be rendered`, (t) => {
    accepts(stateFolder(t), renderConfig(plain));
  });
}

test("without a wish for it, nothing listens but the client port", () => {
  const text = renderConfig(plain);
  assert.doesNotMatch(text, /http|cluster|leafnodes|gateway|websocket|mqtt/);
});

test("what one client may take is limited, whether anything was said about it or not", () => {
  const text = renderConfig(plain);
  for (const line of [
    "max_payload: 1048576",
    "max_connections: 8192",
    "max_subscriptions: 4096",
    "max_pending: 33554432",
    'write_deadline: "5000ms"',
  ])
    assert.ok(text.includes(`\n${line}\n`), line);
});

test("a long list of permissions fits into a connect line, and clients must show a certificate", async (t) => {
  const { settings } = await meshTrust(t);
  const text = renderConfig({ ...plain, ...settings });
  assert.match(text, /^max_control_line: 65536$/m);
  assert.match(text, /^tls \{[^}]*verify: true/m);
  assert.match(text, /^resolver \{\n {2}type: full$/m);
});

test("no secret is in a configuration", async (t) => {
  const { trust, settings } = await meshTrust(t);
  const text = renderConfig({
    ...plain,
    ...settings,
    cluster: { name: "c", host: "::1", port: 1, routes: ["::1:1"], tls: trust.routeTls },
  });
  assert.doesNotMatch(text, /PRIVATE KEY|\bS[OAU][A-Z2-7]{56}\b/);
});

test("text is quoted as nats-server reads it, and control characters are refused", () => {
  assert.equal(quoted('C:\\weft\\"x"'), '"C:\\\\weft\\\\\\"x\\""');
  assert.throws(() => quoted("a\nport: 1"), { name: "ConfigError", message: /control characters/ });
});

test("what is no account, no JWT or no port is refused before it reaches the file", async (t) => {
  const { settings } = await meshTrust(t);
  const { trust } = settings;
  const refuses = (change: Partial<BrokerConfig>, message: RegExp) =>
    assert.throws(() => renderConfig({ ...plain, ...settings, ...change }), { name: "ConfigError", message });
  refuses({ trust: { ...trust, operatorJwt: "{}" } }, /JWT/);
  refuses({ trust: { ...trust, accounts: [] } }, /system account/);
  refuses(
    { trust: { ...trust, systemAccount: "x", accounts: [{ publicKey: "x", jwt: "a.b.c" }] } },
    /public key/,
  );
  refuses({ port: 70_000 }, /port 70000/);
  refuses({ serverName: "my server" }, /server "my server"/);
  refuses({ cluster: { name: "c", host: "::1", port: 1, routes: [] } }, /no routes/);
});
