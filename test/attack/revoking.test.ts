import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { startBroker } from "../../broker/process.ts";
import { openConnection } from "../../src/bus/connection.ts";
import { startAuthority } from "../../src/identity/authority/authority.ts";
import { enrol, renewIdentity } from "../../src/identity/member/enrol.ts";
import type { Identity } from "../../src/identity/member/identity.ts";
import { localToken, requestToken } from "../../src/identity/member/request-token.ts";
import { auditFolder } from "../../src/identity/records/records.ts";
import { verifyAudit } from "../../src/identity/records/verify-audit.ts";
import { bootstrap, type Trust } from "../../src/identity/trust/bootstrap.ts";
import { operatorKey } from "../../src/identity/trust/mesh-account.ts";
import { refuseRenewal, revokeUsers, tellBrokers } from "../../src/identity/trust/revoke.ts";
import { threeNodes } from "../broker/three-nodes.ts";
import { natsServers } from "../support/servers.ts";
import { stateFolder } from "../support/state.ts";
import { until } from "../support/until.ts";

/** An authority that sends to these brokers. */
async function authorityOf(t: TestContext, trust: Trust, brokers: readonly string[]) {
  const running = await startAuthority({ stateDir: trust.stateDir, host: "127.0.0.1", port: 0, brokers });
  t.after(() => running.close());
  return running.url;
}

/** As `weft revoke` does it. */
async function revoke(trust: Trust, brokers: readonly string[], service: string, instance?: string) {
  const { stateDir } = trust;
  const nkeys = refuseRenewal(stateDir, service, instance, Date.now()).map(({ nkey }) => nkey);
  const jwt = await revokeUsers(stateDir, operatorKey(stateDir), nkeys, Date.now());
  return tellBrokers(stateDir, brokers, jwt);
}

/** A connection of this identity, and when it was cut off. */
async function connected(t: TestContext, { credentials }: Identity) {
  const nc = await openConnection(credentials, "test");
  t.after(() => nc.close());
  const seen = { cutOffAt: 0 };
  void (async () => {
    for await (const { type } of nc.status())
      if (type === "disconnect" && seen.cutOffAt === 0) seen.cutOffAt = performance.now();
  })();
  return seen;
}

const isLetIn = ({ credentials }: Identity): Promise<boolean> =>
  openConnection(credentials, "again").then(
    (nc) => nc.close().then(() => true),
    () => false,
  );

const refusedAs = (code: string) => (error: { code?: string }) => error.code === code;

for (const server of natsServers()) {
  test(`nats-server ${server.label}: who is revoked is cut off within a second, cannot come back, and nobody else notices`, async (t) => {
    const trust = await bootstrap(stateFolder(t));
    const options = {
      server: server.path,
      folder: join(trust.stateDir, "broker-test"),
      config: { serverName: "test", host: "127.0.0.1", port: 0, trust, tls: trust.tls },
    };
    const broker = await startBroker(options);
    t.after(() => broker.stop());
    const brokers = [`127.0.0.1:${broker.port}`];
    const url = await authorityOf(t, trust, brokers);
    const enrolled = async () => enrol(await localToken(trust.stateDir, "orders", url), { version: "1" });
    const [stolen, sibling] = [await enrolled(), await enrolled()];
    const [thief, owner] = [await connected(t, stolen), await connected(t, sibling)];

    const at = performance.now();
    const answers = await revoke(trust, brokers, "orders", stolen.instance);
    assert.deepEqual(
      answers.map(({ accepted }) => accepted),
      [true],
    );
    await until(() => thief.cutOffAt > 0, { what: "the end of the connection", withinMs: 1000 });
    t.diagnostic(`cut off after ${Math.round(thief.cutOffAt - at)} ms`);
    assert.equal(await isLetIn(stolen), false);
    await assert.rejects(renewIdentity(stolen), refusedAs("revoked"));
    assert.equal(owner.cutOffAt, 0);
    await renewIdentity(sibling);

    // What the broker was started with is the account as it was before.
    await broker.stop();
    const again = await startBroker({ ...options, config: { ...options.config, port: broker.port } });
    t.after(() => again.stop());
    assert.equal(await isLetIn(stolen), false, "after a restart of the broker");
    assert.equal(await isLetIn(sibling), true, "after a restart of the broker");
  });

  test(`nats-server ${server.label}: a revocation reaches all nodes of a cluster`, async (t) => {
    const trust = await bootstrap(stateFolder(t));
    const nodes = await threeNodes(t, server.path, { trust, tls: trust.tls }, trust.routeTls);
    const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
    const url = await authorityOf(t, trust, [addresses[2]!]);
    const stolen = await enrol(await localToken(trust.stateDir, "orders", url), { version: "1" });
    const thief = await connected(t, stolen);
    // Routes may still be opening.
    const answers = await until(
      async () => {
        const all = await revoke(trust, [addresses[0]!], "orders", stolen.instance);
        return all.length === 3 ? all : undefined;
      },
      { withinMs: 15_000, what: "an answer of each node" },
    );
    assert.ok(answers.every(({ accepted }) => accepted));
    await until(() => thief.cutOffAt > 0, { what: "the end of the connection" });
    assert.equal(await isLetIn(stolen), false);
  });
}

test("a service that is revoked as a whole takes its tokens along, and comes back with one that is made later", async (t) => {
  const trust = await bootstrap(stateFolder(t));
  const { stateDir } = trust;
  const url = await authorityOf(t, trust, ["127.0.0.1:1"]);
  const { token } = await requestToken(stateDir, url, { service: "orders", uses: 3 });
  const other = await enrol(await localToken(stateDir, "billing", url), { version: "1" });
  const orders = await enrol(token, { version: "1" });
  const revoked = refuseRenewal(stateDir, "orders", undefined, Date.now());
  assert.deepEqual(
    revoked.map(({ nkey }) => nkey),
    [orders.nkey.publicKey],
  );
  await assert.rejects(renewIdentity(orders), refusedAs("revoked"));
  await assert.rejects(enrol(token, { version: "1" }), refusedAs("revoked"));
  await renewIdentity(other);
  await until(() => Date.now() > revoked[0]!.revokedAt!);
  const fresh = await enrol(await localToken(stateDir, "orders", url), { version: "1" });
  await renewIdentity(fresh);
  await assert.rejects(renewIdentity(orders), refusedAs("revoked"));
});

test("the token that a revoked instance came in with lets nobody in any more, and who came in with it before stays", async (t) => {
  const { stateDir } = await bootstrap(stateFolder(t));
  const url = await authorityOf(t, { stateDir } as Trust, ["127.0.0.1:1"]);
  const { token } = await requestToken(stateDir, url, { service: "orders", uses: 5 });
  const [stolen, sibling] = [await enrol(token, { version: "1" }), await enrol(token, { version: "1" })];
  refuseRenewal(stateDir, "orders", stolen.instance, Date.now());
  await assert.rejects(enrol(token, { version: "1" }), refusedAs("revoked"));
  await renewIdentity(sibling);
  await enrol(await localToken(stateDir, "orders", url), { version: "1" });
});

test("each issue, renewal, denial and revocation is in the audit log, without a secret", async (t) => {
  const trust = await bootstrap(stateFolder(t));
  const { stateDir } = trust;
  const url = await authorityOf(t, trust, ["127.0.0.1:1"]);
  const token = await localToken(stateDir, "orders", url);
  const orders = await enrol(token, { version: "1" });
  await renewIdentity(orders);
  await assert.rejects(enrol(token, { version: "1" }), refusedAs("token-used"));
  refuseRenewal(stateDir, "orders", orders.instance, Date.now());
  await assert.rejects(renewIdentity(orders), refusedAs("revoked"));
  const lines: string[] = [];
  const verdict = verifyAudit(auditFolder(stateDir), { visit: (entry) => lines.push(JSON.stringify(entry)) });
  assert.equal(verdict.broken, undefined);
  const seen = lines.map((line) => JSON.parse(line) as { event: string; code?: string });
  assert.deepEqual(
    seen.map(({ event, code }) => code ?? event),
    ["token", "enrolled", "renewed", "token-used", "revoked", "revoked"],
  );
  const { s: secret } = JSON.parse(Buffer.from(token, "base64url").toString()) as { s: string };
  for (const text of [secret, orders.nkey.seed(), orders.credentials.jwt()!])
    assert.ok(!lines.join("\n").includes(text));
});

test("the seed of another operator is refused before anything is signed with it", async (t) => {
  const { stateDir } = await bootstrap(stateFolder(t));
  const other = await bootstrap(stateFolder(t));
  const theirs = join(other.stateDir, "trust", "operator", "operator.seed");
  assert.throws(() => operatorKey(stateDir, theirs), /seed of another operator/);
  assert.throws(
    () => operatorKey(stateDir, join(other.stateDir, "trust", "accounts", "MESH.seed")),
    /another operator/,
  );
});
