import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Broker, startBroker } from "../../broker/process.ts";
import { pushClaims } from "../../src/bus/claims.ts";
import { openConnection } from "../../src/bus/connection.ts";
import type { Credentials } from "../../src/bus/credentials.ts";
import { brokerSettings } from "../../src/cli/up/broker.ts";
import { startAuthority } from "../../src/identity/authority/authority.ts";
import { loadGranter } from "../../src/identity/authority/grant.ts";
import { folderCredentials } from "../../src/identity/keys/folder-credentials.ts";
import { accountJwt } from "../../src/identity/keys/jwt.ts";
import { mintSidecar } from "../../src/identity/keys/mint.ts";
import { NKey } from "../../src/identity/keys/nkey.ts";
import { enrol, renewIdentity } from "../../src/identity/member/enrol.ts";
import type { Identity } from "../../src/identity/member/identity.ts";
import { requestToken } from "../../src/identity/member/request-token.ts";
import { bootstrap } from "../../src/identity/trust/bootstrap.ts";
import { operatorKey } from "../../src/identity/trust/mesh-account.ts";
import { partFolder } from "../../src/identity/trust/parts.ts";
import { loadRoots } from "../../src/identity/trust/roots.ts";
import type { RotationKind } from "../../src/identity/trust/rotation/record.ts";
import { rotate } from "../../src/identity/trust/rotation/rotate.ts";
import { natsServers, type TestServer } from "../support/servers.ts";
import { stateFolder } from "../support/state.ts";
import { until } from "../support/until.ts";

/** Broker and authority of a mesh; a rotation waits for no instance here, so that thieves keep what they have. */
async function scene(t: TestContext, server: TestServer) {
  const state = stateFolder(t);
  let trust = await bootstrap(state);
  const place = { host: "127.0.0.1", port: 0, tls: true };
  const broker: Broker = await startBroker({
    ...{ server: server.path, folder: join(state, "broker") },
    config: brokerSettings(trust, place),
  });
  t.after(() => broker.stop());
  const brokers = [`127.0.0.1:${broker.port}`];
  const authority = await startAuthority({ stateDir: state, host: "127.0.0.1", port: 0, brokers });
  t.after(() => authority.close());
  const system = folderCredentials(partFolder(state, "system"), brokers);

  /** @param whenAsked runs each time that all are to renew */
  const rotateNow = (kind: RotationKind, whenAsked = async () => {}) =>
    rotate(kind, {
      ...{ stateDir: state, now: Date.now, patienceMs: 0, leaveBehind: true, brokersDone: false },
      pause: () => Promise.resolve(),
      alone: (change) => change(),
      tell: () => {},
      mesh: {
        ownBrokers: false,
        async takeUp() {
          const before = trust.operatorJwt;
          trust = await bootstrap(state);
          await broker[trust.operatorJwt === before ? "reload" : "restart"](brokerSettings(trust, place));
          await authority.renew();
        },
        tellAccount: async () => void (await pushClaims(system, trustedAccount())),
        askRenewal: whenAsked,
        seen: async () => ({ present: new Set(), connected: [] }),
      },
    });
  const trustedAccount = () => loadRoots(state).accounts.MESH.jwt;
  const token = async () =>
    (await requestToken(state, authority.url, { service: "orders", ttlMs: 60_000 })).token;
  return { state, brokers, system, rotateNow, token };
}

const frozen = ({ credentials }: Identity): Credentials => {
  const [servers, jwt, tls] = [credentials.servers(), credentials.jwt(), credentials.tls()];
  return { ...credentials, servers: () => servers, jwt: () => jwt, tls: () => tls };
};

const refused = (credentials: Credentials) =>
  assert.rejects(openConnection(credentials, "thief"), { name: "BusError" });

for (const server of natsServers())
  test(`nats-server ${server.label}: what was rotated away opens nothing any more`, async (t) => {
    const { state, brokers, system, rotateNow, token } = await scene(t, server);

    await t.test("a certificate of the old CA is refused by the broker and by the authority", async () => {
      const thief = await enrol(await token(), { version: "1" });
      const stolen = frozen(thief);
      await (await openConnection(stolen, "thief")).close();
      const old = await token();
      await rotateNow("ca");
      const { rootCa } = loadRoots(state);
      // It even trusts the new root; what it shows is of the old one.
      await refused({ ...stolen, tls: () => ({ ...stolen.tls()!, ca: stolen.tls()!.ca + rootCa }) });
      await assert.rejects(renewIdentity(thief), { name: "AuthorityError", code: "untrusted" });
      const { authority, nkey, version } = thief;
      const knowing = { authority, nkey, version, tls: { ...thief.tls, ca: rootCa } } as Identity;
      await assert.rejects(renewIdentity(knowing), { name: "AuthorityError", code: "certificate-refused" });
      await assert.rejects(enrol(old, { version: "1" }), {
        code: "untrusted",
        message: /older than a rotation of the CA \(ask for a new one\)/,
      });
      await enrol(await token(), { version: "1" });
    });

    await t.test("a token from before works as long as the old root issues", async () => {
      const early = await token();
      let enrolled: Promise<Identity> | undefined;
      await rotateNow("ca", async () => {
        // At the first time both roots are trusted, and the new one has issued nothing yet.
        enrolled ??= enrol(early, { version: "1" });
        await enrolled;
      });
      assert.equal((await enrolled)?.service, "orders");
    });

    await t.test("a user that the old signing key signed is cut off, and does not come back", async () => {
      const { mint } = loadGranter(state, { brokers });
      const member = await enrol(await token(), { version: "1" });
      const forge = async () => {
        const thief = NKey.create("U");
        const who = { service: "billing", instance: "i1", version: "1" };
        const jwt = await mintSidecar(mint, who, thief.publicKey, Date.now() + 3_600_000);
        return { ...frozen(member), jwt: () => jwt, sign: (nonce: Uint8Array) => thief.sign(nonce) };
      };
      const stolenKeyUser = await forge();
      const live = await openConnection(stolenKeyUser, "thief");
      t.after(() => live.close());
      let cut = false;
      void (async () => {
        for await (const { type } of live.status()) cut ||= type === "disconnect";
      })();
      await rotateNow("signing-key");
      await until(() => cut, { what: "the thief to be cut off" });
      await refused(stolenKeyUser);
      await refused(await forge());
      await refused(frozen(member));
      await renewIdentity(member);
      await (await openConnection(member.credentials, "member")).close();
    });

    await t.test("an account that the old operator signed lets nobody in", async () => {
      const old = operatorKey(state);
      await rotateNow("operator");
      const member = await enrol(await token(), { version: "1" });
      const [signer, thief] = [NKey.create("A"), NKey.create("U")];
      const account = loadRoots(state).accounts.MESH.publicKey;
      const forged = await accountJwt(old, { name: "MESH", account, signingKeys: [signer.publicKey] });
      await (await openConnection(frozen(member), "member")).close();
      // From one who has the system account's user, too. The server says that it took it, and then knows no account.
      await pushClaims(system, forged);
      const who = { service: "billing", instance: "i1", version: "1" };
      const mint = { mesh: "mesh", account, signer };
      const jwt = await mintSidecar(mint, who, thief.publicKey, Date.now() + 3_600_000);
      await refused({ ...frozen(member), jwt: () => jwt, sign: (nonce) => thief.sign(nonce) });
    });
  });
