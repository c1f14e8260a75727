import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { connect as connectTls, TLSSocket } from "node:tls";
import { openConnection } from "../../src/bus/connection.ts";
import type { Identity } from "../../src/identity/member/identity.ts";
import type { Trust } from "../../src/identity/trust/bootstrap.ts";
import { securedMesh } from "../support/secured-mesh.ts";
import { natsServers } from "../support/servers.ts";
import { until } from "../support/until.ts";

/**
 * A broker in the attacker's hands, with the true certificate and key of the mesh's broker.
 * @param nonce what it has its clients sign
 * @returns what they said to it
 */
async function badBroker(t: TestContext, { tls }: Trust, nonce: () => Promise<string>) {
  const said: string[] = [];
  const server = createServer(async (socket) => {
    socket.on("error", () => {});
    const info = { server_id: "x", version: "2.15.0", proto: 1, headers: true, max_payload: 1 << 20 };
    const auth = { auth_required: true, tls_required: true, tls_verify: true, nonce: await nonce() };
    socket.write(`INFO ${JSON.stringify({ ...info, ...auth })}\r\n`);
    const secure = new TLSSocket(socket, {
      isServer: true,
      ...{ requestCert: true, rejectUnauthorized: true },
      ...{ key: readFileSync(tls.keyFile), cert: readFileSync(tls.certFile), ca: readFileSync(tls.caFile) },
    });
    secure.on("error", () => {});
    secure.on("data", (data) => {
      said.push(String(data));
      if (String(data).includes("PING")) secure.write("PONG\r\n");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const sockets: Socket[] = [];
  server.on("connection", (socket) => sockets.push(socket));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, said };
}

/** Greets the true broker. @returns the nonce that it wants signed, and the way on with a certificate or without one */
async function trueBroker(t: TestContext, port: number) {
  const socket = connect(port, "127.0.0.1");
  t.after(() => socket.destroy());
  const [greeting] = (await once(socket, "data")) as [Buffer];
  const { nonce } = JSON.parse(String(greeting).slice("INFO ".length)) as { nonce: string };
  const goOn = (connectLine: string, tls: { ca: string; cert?: string; key?: string }): Promise<string> =>
    new Promise((resolve) => {
      const secure = connectTls({ socket, ...tls, servername: "nats.mesh" });
      const heard: string[] = [];
      secure.on("data", (data) => {
        heard.push(String(data));
        if (/PONG|-ERR/.test(heard.join(""))) resolve(heard.join(""));
      });
      secure.on("error", ({ message }) => resolve(`TLS: ${message}`));
      secure.on("close", () => resolve(`closed ${heard.join("")}`));
      secure.once("secureConnect", () => secure.write(`${connectLine}\r\nPING\r\n`));
    });
  return { nonce, goOn };
}

const connectLine = (said: readonly string[]): string => /CONNECT \{.*\}/.exec(said.join(""))![0];

for (const server of natsServers())
  test(`nats-server ${server.label}: what a broker in an attacker's hands learns of its clients`, async (t) => {
    const mesh = await securedMesh(t, server);
    const orders: Identity = await mesh.instance("orders");
    const file = (path: string) => readFileSync(path, "utf8");
    const { caFile, certFile, keyFile } = mesh.trust.tls;

    await t.test(
      "no key: only a JWT, and a signature over its own nonce, which no other broker takes",
      async () => {
        const bad = await badBroker(t, mesh.trust, async () => randomBytes(11).toString("base64url"));
        const nc = await openConnection({ ...orders.credentials, servers: () => [bad.address] }, "orders");
        const { goOn } = await trueBroker(t, mesh.broker.port);
        // Even with the certificate of another sidecar, which the attacker may have stolen.
        const { tls } = await mesh.instance("evil");
        assert.match(await goOn(connectLine(bad.said), tls), /Authorization Violation/);
        for (const secret of [orders.nkey.seed(), orders.tls.key])
          assert.ok(!bad.said.join("").includes(secret));
        await nc.close();
      },
    );

    await t.test(
      "nor can it pass on another broker's nonce: that one wants the certificate of a client, too",
      async () => {
        const there = await trueBroker(t, mesh.broker.port);
        const bad = await badBroker(t, mesh.trust, async () => there.nonce);
        const nc = await openConnection({ ...orders.credentials, servers: () => [bad.address] }, "orders");
        await until(() => bad.said.join("").includes("CONNECT"));
        const own = { ca: file(caFile), cert: file(certFile), key: file(keyFile) };
        assert.match(await there.goOn(connectLine(bad.said), own), /TLS|closed/);
        await nc.close();
      },
    );

    await t.test("with a certificate stolen from any sidecar it can, for that one connection", async () => {
      const there = await trueBroker(t, mesh.broker.port);
      const bad = await badBroker(t, mesh.trust, async () => there.nonce);
      const nc = await openConnection({ ...orders.credentials, servers: () => [bad.address] }, "orders");
      const { tls } = await mesh.instance("evil");
      assert.match(await there.goOn(connectLine(bad.said), tls), /PONG/);
      await nc.close();
    });
  });
