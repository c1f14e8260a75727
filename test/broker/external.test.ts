import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { checkServer, renderUserConfig } from "../../broker/external.ts";
import { testBroker } from "../support/broker.ts";
import { natsServers } from "../support/servers.ts";
import { until } from "../support/until.ts";
import { meshTrust } from "./mesh-broker.ts";
import { closedPort } from "./release-server.ts";

for (const server of natsServers()) {
  test(`the configuration for a user's own server runs on ${server.label} and fits the mesh`, async (t) => {
    const { folder, settings, connect } = await meshTrust(t);
    const text = renderUserConfig({
      ...settings,
      serverName: "theirs",
      host: "127.0.0.1",
      port: 4222,
      dataDir: folder,
    });
    assert.match(text, /^# nats-server\.conf for Weft/);
    const file = join(folder, "nats-server.conf");
    writeFileSync(file, text);
    execFileSync(server.path, ["-t", "-c", file], { stdio: "pipe" });

    const theirs = await testBroker(t, { server, config: text.replace(/^listen:.*$/m, "") });
    const fit = await checkServer(`tls://127.0.0.1:${theirs.port}`);
    assert.deepEqual(fit, { version: server.label, name: "theirs", maxPayload: 1 << 20, notes: [] });
    const system = await connect("system", [theirs.url]);
    assert.equal(system.info?.server_name, "theirs");
  });

  test(`a server ${server.label} that is not set up for the mesh is refused with each reason`, async (t) => {
    const broker = await testBroker(t, { server, config: "max_payload: 1000" });
    await assert.rejects(checkServer(broker.url), (error: Error) => {
      assert.equal(error.name, "UnfitServerError");
      for (const word of ["resolver_preload", "tls block", "max_payload is 1000", "weft broker config"])
        assert.ok(error.message.includes(word), word);
      return true;
    });
  });
}

test("a server that asks clients for no certificate is refused", async (t) => {
  const { settings } = await meshTrust(t);
  const { certFile, keyFile } = settings.tls;
  const tls = `tls { cert_file: ${JSON.stringify(certFile)}, key_file: ${JSON.stringify(keyFile)} }`;
  const broker = await testBroker(t, { config: tls });
  await assert.rejects(checkServer(`127.0.0.1:${broker.port}`), /verify: true/);
});

test("a server without JetStream fits, with a note", async (t) => {
  const { folder, settings } = await meshTrust(t);
  const text = renderUserConfig({
    ...settings,
    serverName: "theirs",
    host: "127.0.0.1",
    port: 4222,
    dataDir: folder,
  });
  const config = text.replace(/^listen:.*$/m, "").replace(/^jetstream \{[^}]*\}$/m, "");
  const broker = await testBroker(t, { config });
  assert.match((await checkServer(broker.url)).notes.join(), /no JetStream/);
});

test("an absent server, or a program that is none, is told from an unfit one", async (t) => {
  await assert.rejects(
    checkServer(`nats://127.0.0.1:${await closedPort()}`),
    /no nats-server at .*ECONNREFUSED/,
  );
  const other = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")).listen(
    0,
    "127.0.0.1",
  );
  t.after(() => other.close());
  await until(() => other.listening);
  const { port } = other.address() as { port: number };
  await assert.rejects(checkServer(`127.0.0.1:${port}`), /not a NATS server/);
});
