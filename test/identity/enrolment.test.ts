import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { inspect } from "node:util";
import { decode, type User } from "@nats-io/jwt";
import { type AuthorityOptions, startAuthority } from "../../src/identity/authority/authority.ts";
import { NKey } from "../../src/identity/keys/nkey.ts";
import { certificatesIn, newTlsKey } from "../../src/identity/keys/tls-key.ts";
import { askAuthority } from "../../src/identity/member/authority-client.ts";
import { enrol, renewIdentity, reuseIdentity } from "../../src/identity/member/enrol.ts";
import { type Identity, keptIdentity } from "../../src/identity/member/identity.ts";
import { parseJoinToken } from "../../src/identity/member/join-token.ts";
import { localToken, requestToken } from "../../src/identity/member/request-token.ts";
import { makeClaim } from "../../src/identity/proofs.ts";
import { bootstrap } from "../../src/identity/trust/bootstrap.ts";
import { partFolder } from "../../src/identity/trust/parts.ts";
import { WEFT_VERSION } from "../../src/protocol/weft-version.ts";
import { sidecarPermissions } from "../../src/subjects/permissions.ts";
import { Subjects } from "../../src/subjects/subjects.ts";
import { stateFolder } from "../support/state.ts";

async function authority(t: TestContext, options: Partial<AuthorityOptions> = {}) {
  const state = stateFolder(t);
  const trust = await bootstrap(state);
  const running = await startAuthority({
    stateDir: state,
    host: "127.0.0.1",
    port: 0,
    brokers: ["127.0.0.1:4222"],
    ...options,
  });
  t.after(() => running.close());
  return { state, trust, url: running.url };
}

test("a token becomes an identity: name from the token, instance from the authority, exactly the sidecar's permissions", async (t) => {
  const { state, url } = await authority(t);
  const identity = await enrol(await localToken(state, "orders", url), { version: "2" });
  assert.equal(identity.service, "orders");
  assert.equal(identity.version, "2");
  assert.match(identity.instance, /^[0-9a-f]{12}$/);

  const claims = decode<User>(identity.credentials.jwt()!);
  const { service, instance, version } = identity;
  const expected = sidecarPermissions(new Subjects("mesh"), { service, instance, version });
  assert.equal(claims.sub, identity.nkey.publicKey);
  assert.deepEqual(claims.nats.pub, { allow: expected.pub });
  assert.deepEqual(claims.nats.sub, { allow: expected.sub });
  assert.equal(claims.exp! - claims.iat, 3600);

  const leaf = certificatesIn(identity.tls.cert)[0]!;
  assert.equal(leaf.subjectAltName, `URI:spiffe://mesh/svc/orders/${instance}`);
  assert.equal(Math.round((Date.parse(leaf.validTo) - Date.now()) / 3_600_000), 24);
});

test("renewal brings a new JWT and a certificate for a new key, for the same instance", async (t) => {
  let now = Date.now();
  const { state, url } = await authority(t, { now: () => now });
  const identity = await enrol(await localToken(state, "orders", url), { version: "1" });
  const before = { jwt: identity.credentials.jwt(), tls: identity.tls, instance: identity.instance };
  now += 1000;
  await renewIdentity(identity);
  assert.equal(identity.instance, before.instance);
  assert.notEqual(identity.credentials.jwt(), before.jwt);
  assert.notEqual(identity.tls.key, before.tls.key);
  assert.equal(identity.jwtExpiresAt, now + 3_600_000);
  await renewIdentity(identity); // the new certificate renews too
});

test("an identity outlives its process in an owner-only file, and a restart with another version renews it", async (t) => {
  const { state, url } = await authority(t);
  const folder = join(state, "mine");
  const first = await enrol(await localToken(state, "orders", url), { version: "1", folder });
  assert.deepEqual(readdirSync(folder), ["identity.json"]);
  assert.equal(statSync(join(folder, "identity.json")).mode & 0o777, 0o600);

  const again = await reuseIdentity(folder, { service: "orders", version: "1" });
  assert.equal(again?.credentials.jwt(), first.credentials.jwt());
  const newer = await reuseIdentity(folder, { service: "orders", version: "2" });
  assert.equal(newer?.instance, first.instance);
  assert.equal(keptIdentity(folder)?.version, "2");
  assert.equal(await reuseIdentity(folder, { service: "billing", version: "1" }), undefined);
  const tooLate = { service: "orders", version: "2", now: newer!.certExpiresAt };
  assert.equal(await reuseIdentity(folder, tooLate), undefined);
});

test("a damaged identity is named with the cure, and not repeated", (t) => {
  const folder = stateFolder(t);
  writeFileSync(join(folder, "identity.json"), '{"seed":"SUSECRET', { mode: 0o600 });
  assert.throws(
    () => keptIdentity(folder),
    (error: Error) =>
      /is damaged: remove it and enrol/.test(error.message) && !/SUSECRET/.test(inspect(error)),
  );
});

test("a lost answer does not burn the token: the same key gets the same instance, another key nothing", async (t) => {
  const { state, trust, url } = await authority(t);
  const { id, secret } = parseJoinToken(await localToken(state, "orders", url));
  const ca = readFileSync(trust.tls.caFile, "utf8");
  const [nkey, tlsKey] = [NKey.create("U"), newTlsKey()];
  const ask = (key: NKey) =>
    askAuthority<{ instance: string }>(url, "/enrol", { ca }, (socket) => ({
      token: { id, secret },
      ...makeClaim(`enrol ${id}`, socket, "1", key, tlsKey),
    }));
  const first = await ask(nkey);
  assert.equal((await ask(nkey)).instance, first.instance);
  await assert.rejects(ask(NKey.create("U")), { code: "token-used" });
});

test("a token for two instances serves two at once, not three", async (t) => {
  const { state, url } = await authority(t);
  const { token } = await requestToken(state, url, { service: "orders", uses: 2 });
  const tries = await Promise.allSettled([1, 2, 3].map(() => enrol(token, { version: "1" })));
  const instances = tries.flatMap((one) => (one.status === "fulfilled" ? [one.value.instance] : []));
  assert.equal(new Set(instances).size, 2);
  assert.match(
    String(tries.find((one) => one.status === "rejected")?.reason),
    /used 2 times already: ask for a new one/,
  );
});

test("uses are remembered over a restart of the authority", async (t) => {
  const { state, url } = await authority(t);
  const token = await localToken(state, "orders", url);
  await enrol(token, { version: "1" });
  const second = await startAuthority({ stateDir: state, host: "127.0.0.1", port: 0, brokers: [] });
  t.after(() => second.close());
  const { id, secret } = parseJoinToken(token);
  const ca = readFileSync(join(state, "broker", "ca.crt"), "utf8");
  const ask = askAuthority(second.url, "/enrol", { ca }, (socket) => ({
    token: { id, secret },
    ...makeClaim(`enrol ${id}`, socket, "1", NKey.create("U"), newTlsKey()),
  }));
  await assert.rejects(ask, { code: "token-used" });
});

test("renewal ends with the certificate, and says that a token is needed", async (t) => {
  const { state, url } = await authority(t, { certLifeMs: -1000 });
  const identity = await enrol(await localToken(state, "orders", url), { version: "1" });
  await assert.rejects(renewIdentity(identity), {
    code: "certificate-expired",
    message: /new token: "weft token SERVICE"/,
  });
});

test("only the admin makes tokens: neither an instance, nor a part, nor a stranger", async (t) => {
  const { state, trust, url } = await authority(t);
  const identity = await enrol(await localToken(state, "orders", url), { version: "1" });
  const ask = (tls: { ca: string; cert?: string; key?: string }) =>
    askAuthority(url, "/tokens", tls, () => ({ service: "billing" }));
  const part = (file: string) => readFileSync(join(partFolder(state, "registry"), file), "utf8");
  await assert.rejects(ask(identity.tls), { code: "not-admin" });
  await assert.rejects(ask({ ca: part("ca.crt"), cert: part("tls.crt"), key: part("tls.key") }), {
    code: "not-admin",
  });
  await assert.rejects(ask({ ca: readFileSync(trust.tls.caFile, "utf8") }), { code: "certificate-missing" });
});

test("a bad name is refused with the reason, in a token and in an enrolment", async (t) => {
  const { state, url } = await authority(t);
  await assert.rejects(localToken(state, "Orders", url), {
    code: "bad-request",
    message: /body\/service .*a-z, 0-9/,
  });
  await assert.rejects(localToken(state, "registry", url), {
    code: "bad-request",
    message: /name of the mesh itself/,
  });
  await assert.rejects(enrol(await localToken(state, "orders", url), { version: "1.2" }), {
    code: "bad-request",
    message: /body\/version/,
  });
});

test("an instance cannot renew as another, nor with another key, nor may a part renew here", async (t) => {
  const { state, url } = await authority(t);
  const mine = await enrol(await localToken(state, "orders", url), { version: "1" });
  const other = await enrol(await localToken(state, "billing", url), { version: "1" });
  const renew = (tls: Identity["tls"], nkey: NKey, extra = {}) =>
    askAuthority<{ service: string; instance: string }>(url, "/renew", tls, (socket) => ({
      ...makeClaim("renew", socket, "1", nkey, newTlsKey()),
      ...extra,
    }));
  await assert.rejects(renew(mine.tls, other.nkey), { code: "key-differs" });
  await assert.rejects(renew(mine.tls, NKey.create("U")), { code: "key-differs" });
  await assert.rejects(renew(mine.tls, mine.nkey, { version: "9" }), { code: "proof-bad" });
  const granted = await renew(mine.tls, mine.nkey, { service: "billing", instance: other.instance });
  assert.deepEqual([granted.service, granted.instance], ["orders", mine.instance]);
  const part = (file: string) => readFileSync(join(partFolder(state, "registry"), file), "utf8");
  const registry = { ca: part("ca.crt"), cert: part("tls.crt"), key: part("tls.key") };
  await assert.rejects(renew(registry, NKey.create("U")), { code: "certificate-refused" });
});

test("a proof from another connection is refused", async (t) => {
  const { state, trust, url } = await authority(t);
  const { id, secret } = parseJoinToken(await localToken(state, "orders", url));
  const ca = readFileSync(trust.tls.caFile, "utf8");
  let captured: unknown;
  await assert.rejects(
    askAuthority(url, "/healthz", { ca }, (socket) => {
      captured = {
        token: { id, secret },
        ...makeClaim(`enrol ${id}`, socket, "1", NKey.create("U"), newTlsKey()),
      };
      return captured;
    }),
    { code: "not-found" },
  );
  await assert.rejects(
    askAuthority(url, "/enrol", { ca }, () => captured),
    { code: "proof-bad" },
  );
});

test("healthz answers anybody, a long body and a wrong path get JSON with a cure", async (t) => {
  const { trust, url } = await authority(t);
  const ca = readFileSync(trust.tls.caFile, "utf8");
  const text = await new Promise<string>((resolve, reject) => {
    request(`${url}/healthz`, { ca, servername: "authority.mesh" }, async (response) => {
      let body = "";
      for await (const chunk of response) body += chunk;
      resolve(body);
    })
      .on("error", reject)
      .end();
  });
  assert.deepEqual(JSON.parse(text), { ok: true, mesh: "mesh", weft: WEFT_VERSION });
  await assert.rejects(
    askAuthority(url, "/nothing", { ca }, () => ({})),
    { code: "not-found" },
  );
  await assert.rejects(
    askAuthority(url, "/enrol", { ca }, () => "x".repeat(20_000)),
    { code: "too-large" },
  );
});

test("a taken port and an authority that is away are said plainly", async (t) => {
  const { state, url } = await authority(t);
  const port = Number(new URL(url).port);
  await assert.rejects(
    startAuthority({ stateDir: state, host: "127.0.0.1", port, brokers: [] }),
    /port \d+ is taken: give it another port/,
  );
  await assert.rejects(localToken(state, "orders", "https://127.0.0.1:1"), {
    code: "unreachable",
    message: /is it running/,
  });
});
