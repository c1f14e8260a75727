import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { renderConfig } from "../../broker/config.ts";
import { openConnection } from "../../src/bus/connection.ts";
import type { Credentials, TlsMaterial } from "../../src/bus/credentials.ts";
import { type Issuer, issueIntermediate, issueLeaf, issueRoot } from "../../src/identity/keys/certificate.ts";
import { mintSidecar } from "../../src/identity/keys/mint.ts";
import { NKey } from "../../src/identity/keys/nkey.ts";
import { keyPem, newTlsKey } from "../../src/identity/keys/tls-key.ts";
import { bootstrap } from "../../src/identity/trust/bootstrap.ts";
import { loadRoots } from "../../src/identity/trust/roots.ts";
import { testBroker } from "../support/broker.ts";
import { securedMesh } from "../support/secured-mesh.ts";
import { natsServers } from "../support/servers.ts";
import { stateFolder } from "../support/state.ts";
import { until } from "../support/until.ts";

const DAY_MS = 86_400_000;

/** A client certificate as the mesh's own have, from any CA and with any life. */
async function leafFrom(
  issuer: Issuer,
  ca: string,
  lifeMs = DAY_MS,
  usage: "client" | "server" = "client",
): Promise<Partial<TlsMaterial>> {
  const key = newTlsKey();
  const sans = [{ type: "url" as const, value: "spiffe://mesh/svc/orders/i1" }];
  const cert = await issueLeaf(
    issuer,
    { key, commonName: "i1", sans, usages: [usage] },
    { now: Date.now(), lifeMs },
  );
  return { ca, cert, key: keyPem(key) };
}

for (const server of natsServers()) {
  test(`nats-server ${server.label} lets in nobody without both proofs`, async (t) => {
    const mesh = await securedMesh(t, server);
    const { credentials, nkey } = await mesh.instance("orders");
    const roots = loadRoots(mesh.state);
    const mint = mesh.granter.mint;
    const who = { service: "orders", instance: "i1", version: "1" };
    const refused = async (bad: Partial<Credentials>) => {
      await assert.rejects(openConnection({ ...credentials, ...bad }, "stranger"), { name: "BusError" });
    };
    const withTls = (bad: Partial<TlsMaterial>): Partial<Credentials> => ({
      tls: () => ({ ...credentials.tls()!, ...bad }),
    });

    await t.test("a good user with a good certificate gets in", async () => {
      const nc = await openConnection(credentials, "orders");
      await nc.close();
    });

    // The client library reports these as a timeout of 3 s, so they run side by side.
    await t.test(
      "a certificate that is missing, foreign, expired, a server's or a route's is refused",
      async () => {
        const foreign = await issueRoot("weft mesh root", 1, { now: Date.now(), lifeMs: DAY_MS });
        const foreignBelow = await issueIntermediate(foreign, "weft mesh issuer", {
          now: Date.now(),
          lifeMs: DAY_MS,
        });
        const own = roots.issuer("intermediate");
        const before = mesh.broker.log().length;
        await Promise.all([
          refused({ tls: () => ({ ca: roots.rootCa, servername: "nats.mesh" }) as TlsMaterial }),
          refused(withTls(await leafFrom(foreignBelow, roots.rootCa))),
          refused(withTls(await leafFrom(own, roots.rootCa, -1000))),
          refused(withTls(await leafFrom(own, roots.rootCa, DAY_MS, "server"))),
          refused(withTls(await leafFrom(roots.issuer("routes"), roots.rootCa))),
        ]);
        const errors = mesh.broker
          .log()
          .slice(before)
          .match(/TLS handshake error/g);
        assert.equal(errors?.length, 5);
      },
    );

    await t.test(
      "a JWT is of no use with another's key, from another signer, changed, expired or absent",
      async () => {
        const thief = NKey.create("U");
        const stranger = { ...mint, signer: NKey.create("A") };
        const own = (jwt: string) => ({ jwt: () => jwt });
        const hour = Date.now() + 3_600_000;
        const [head, , signature] = credentials.jwt()!.split(".");
        const other = await mintSidecar(mint, { ...who, service: "billing" }, nkey.publicKey, hour);
        await Promise.all([
          refused({ sign: (nonce) => thief.sign(nonce) }),
          refused(own(await mintSidecar(stranger, who, nkey.publicKey, hour))),
          refused(
            own(
              await mintSidecar(
                { ...stranger, account: stranger.signer.publicKey },
                who,
                nkey.publicKey,
                hour,
              ),
            ),
          ),
          refused(own([head, other.split(".")[1], signature].join("."))),
          refused(own(await mintSidecar(mint, who, nkey.publicKey, Date.now() - 1000))),
          refused({ jwt: () => undefined }),
        ]);
      },
    );

    await t.test("a sidecar refuses a broker that is not of the mesh, or goes by another name", async () => {
      const foreign = await issueRoot("weft mesh root", 0, { now: Date.now(), lifeMs: DAY_MS });
      await refused(withTls({ ca: foreign.certPem }));
      await refused(withTls({ servername: "authority.mesh" }));
    });
  });

  test(`nats-server ${server.label} takes no cluster route from a sidecar's certificate`, async (t) => {
    const state = stateFolder(t);
    const trust = await bootstrap(state);
    const port = await freePort();
    // Without accounts: JetStream of a cluster of one would wait for others for ever.
    const config = renderConfig({
      ...{
        serverName: "test",
        host: "127.0.0.1",
        port: -1,
        dataDir: join(state, "nats"),
        tls: trust.tls,
      },
      cluster: { name: "mesh", host: "127.0.0.1", port, routes: [`127.0.0.1:${port}`], tls: trust.routeTls },
    });
    const broker = await testBroker(t, { server, config });
    const roots = loadRoots(state);
    const sidecar = await leafFrom(roots.issuer("intermediate"), roots.routesCa);
    await openRoute(t, port, sidecar);
    await until(() => /TLS route handshake error|TLS handshake error/.test(broker.log()), {
      what: "the refusal",
    });
    const errors = broker.log().match(/TLS (route )?handshake error/g)!.length;
    const file = (path: string) => readFileSync(path, "utf8");
    const { certFile, keyFile } = trust.routeTls;
    const answer = openRoute(t, port, { ca: roots.routesCa, cert: file(certFile), key: file(keyFile) });
    assert.match(await answer, /INFO|PING/);
    assert.equal(broker.log().match(/TLS (route )?handshake error/g)!.length, errors);
  });
}

/** A route begins with TLS at once. @returns what the server says then, or why it hangs up */
async function openRoute(t: TestContext, port: number, tls: Partial<TlsMaterial>): Promise<string> {
  const socket = connectTls({ ...tls, host: "127.0.0.1", port, servername: "nats.mesh" });
  t.after(() => socket.destroy());
  let said = "";
  socket.on("data", (data) => {
    said += data;
  });
  socket.once("error", (error) => {
    said += error.message;
  });
  socket.once("close", () => {
    said += "closed";
  });
  socket.once("secureConnect", () => socket.write('INFO {"server_id":"x","tls_required":true}\r\nPING\r\n'));
  return until(() => said, { what: "an answer on the cluster port" });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
