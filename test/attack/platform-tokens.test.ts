import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { startAuthority } from "../../src/identity/authority/authority.ts";
import { ticketId } from "../../src/identity/authority/platform/ticket.ts";
import { readTrustedIssuers } from "../../src/identity/authority/platform/trusted-issuers.ts";
import { NKey } from "../../src/identity/keys/nkey.ts";
import { newTlsKey } from "../../src/identity/keys/tls-key.ts";
import { askAuthority } from "../../src/identity/member/authority-client.ts";
import { enrol } from "../../src/identity/member/enrol.ts";
import { requestToken } from "../../src/identity/member/request-token.ts";
import { makeClaim } from "../../src/identity/proofs.ts";
import { openLedger } from "../../src/identity/records/records.ts";
import { bootstrap } from "../../src/identity/trust/bootstrap.ts";
import { loadRoots } from "../../src/identity/trust/roots.ts";
import { stateFolder } from "../support/state.ts";
import { hmacWith, rawToken, signingKey, tokenOf } from "../support/token-issuer.ts";

/*
 * Tokens of a platform at the authority. What a token itself may try is in token-forgery.test.ts: it is the same checker.
 */

const key = signingKey("k1", "RS256");
const stranger = signingKey("k1", "RS256");
const SUB = "system:serviceaccount:shop";

async function authority(t: TestContext, rules: object[], jwks: object = { keys: [key.jwk] }) {
  const state = stateFolder(t);
  const trust = await bootstrap(state);
  const clock = { now: Date.now() };
  const issuer = { name: "cluster", issuer: "https://k8s.test", audiences: ["weft"] };
  const running = await startAuthority({
    ...{ stateDir: state, host: "127.0.0.1", port: 0, brokers: ["127.0.0.1:4222"] },
    trustIssuers: readTrustedIssuers({ issuers: [{ ...issuer, jwks, rules }] }),
    now: () => clock.now,
  });
  t.after(() => running.close());
  const ticket = (token: string) => ({ authority: running.url, pin: trust.pin, token });
  return {
    ...{ state, clock, url: running.url, ticket, ca: loadRoots(state).rootCa },
    token: (over: object = {}, by = key) =>
      tokenOf(by, {
        ...{ iss: "https://k8s.test", aud: ["weft"], sub: `${SUB}:orders` },
        ...{ iat: Math.floor(clock.now / 1000), exp: Math.floor(clock.now / 1000) + 600, ...over },
      }),
    enrol: (token: string, service?: string) =>
      enrol(ticket(token), { version: "1", ...(service === undefined ? {} : { service }) }),
  };
}

const ORDERS = { claims: { sub: `${SUB}:orders` }, service: "orders", instances: 2 };
const SHOP = { claims: { sub: `${SUB}:*`, env: "test" }, service: "shop" };

test("a token of a trusted platform becomes the service that its rule says, and its secret is written nowhere", async (t) => {
  const { state, token, enrol } = await authority(t, [ORDERS, SHOP]);
  const text = token();
  const identity = await enrol(text, "orders");
  assert.equal(identity.service, "orders");
  assert.equal((await enrol(text)).service, "orders");
  assert.equal((await enrol(token({ sub: `${SUB}:other`, env: "test" }))).service, "shop");
  // Both rules fit: what the sidecar asks for decides.
  assert.equal((await enrol(token({ env: "test" }), "shop")).service, "shop");

  const written = filesIn(join(state, "authority"));
  assert.ok(
    written.some((one) =>
      one.includes(`platform cluster ${SUB}:orders (token ${ticketId(text).slice(0, 12)})`),
    ),
  );
  const signature = text.split(".")[2]!;
  assert.ok(written.every((one) => !one.includes(signature)));
});

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));

test("no rule, no identity; and no rule for one service is a way to another", async (t) => {
  const { token, enrol } = await authority(t, [ORDERS, SHOP]);
  for (const sub of [
    `${SUB}:stock`,
    `${SUB}:orders:x`,
    `${SUB}x:orders`,
    "orders",
    undefined,
    [`${SUB}:o`],
    [`${SUB}:orders`],
    [`${SUB}:stock`, `${SUB}:orders`],
  ])
    await assert.rejects(enrol(token({ sub })), { code: "platform-unmapped" });
  await assert.rejects(enrol(token(), "payments"), {
    code: "platform-unmapped",
    message: /is for orders, not for payments/,
  });
});

test("what the platform has not signed for this mesh, and for now, is refused", async (t) => {
  const { token, enrol, clock } = await authority(t, [ORDERS]);
  const pem = key.publicKey.export({ format: "pem", type: "spki" });
  const late = token();
  for (const [bad, why] of [
    [token({}, stranger), /signature of the token is wrong/],
    [token({ aud: ["https://k8s.test"] }), /for somebody else/],
    [token({ iss: "https://evil.test" }), /issuer of the token is not accepted/],
    [token({ nbf: clock.now / 1000 + 120 }), /not valid yet/],
    [rawToken({ alg: "none" }, { iss: "https://k8s.test" }, () => Buffer.alloc(0)), /algorithm/],
    [rawToken({ alg: "HS256", kid: "k1" }, { iss: "https://k8s.test" }, hmacWith(pem)), /algorithm/],
    ["x", /not a signed JWT/],
  ] as const)
    await assert.rejects(enrol(bad), { code: "platform-refused", message: why });
  clock.now += 661_000;
  await assert.rejects(enrol(late), { code: "platform-refused", message: /has expired/ });
});

test("a token that was stolen enrols only as many as its rule allows, also after a restart's worth of time", async (t) => {
  const { state, token, enrol, clock } = await authority(t, [ORDERS]);
  const text = token();
  const [one, two] = [await enrol(text), await enrol(text)];
  assert.notEqual(one.instance, two.instance);
  await assert.rejects(enrol(text), { code: "platform-used" });
  clock.now += 599_000;
  await assert.rejects(enrol(text), { code: "platform-used" });
  await enrol(token());
  // What is noted of a token goes when it could not be good any more.
  clock.now += 2 * 600_000;
  await enrol(token());
  assert.equal(readdirSync(join(state, "authority", "platform")).length, 1);
});

test("a token from before a revocation is of no use after it, also when its issuer's clock is ahead", async (t) => {
  const { state, clock, token, enrol } = await authority(t, [ORDERS]);
  const at = Math.floor(clock.now / 1000);
  const [plain, ahead, unsaid] = [token(), token({ iat: at + 50 }), token({ iat: undefined })];
  await assert.rejects(enrol(token({ iat: at + 120 })), { code: "platform-refused" });
  clock.now += 1000;
  openLedger(state).revokeService("orders", clock.now);
  clock.now += 2000;
  for (const old of [plain, ahead, unsaid]) await assert.rejects(enrol(old), { code: "revoked" });
  clock.now += 70_000;
  assert.equal((await enrol(token())).service, "orders");
});

test("a proof for one token is no proof for another, nor for one of weft", async (t) => {
  const { token, url, ca } = await authority(t, [ORDERS]);
  const [mine, other] = [token(), token({ jti: "2" })];
  const nkey = NKey.create("U");
  const tlsKey = newTlsKey();
  const ask = (purpose: string, body: object) =>
    askAuthority(url, "/enrol", { ca }, (socket) => ({
      ...body,
      ...makeClaim(purpose, socket, "1", nkey, tlsKey),
    }));
  const platform = { platform: { token: mine } };
  for (const purpose of [
    `enrol platform ${ticketId(other)}`,
    "enrol platform ",
    "enrol 0123456789ab",
    "renew",
  ])
    await assert.rejects(ask(purpose, platform), { code: "proof-bad" });
  const both = { ...platform, token: { id: "0".repeat(12), secret: "x" } };
  for (const body of [both, {}, { platform: { token: "x".repeat(8193) } }])
    await assert.rejects(ask(`enrol platform ${ticketId(mine)}`, body), { code: "bad-request" });
  // A lost answer costs nothing: the same key is the same instance.
  const granted = [0, 1, 2].map(() => ask(`enrol platform ${ticketId(mine)}`, platform));
  const instances = (await Promise.all(granted)).map((grant) => (grant as { instance: string }).instance);
  assert.equal(new Set(instances).size, 1);
});

test("keys come from a file too, which is read anew; without it nobody gets in, and is told why", async (t) => {
  const file = join(stateFolder(t), "jwks.json");
  const away = await authority(t, [ORDERS], { file });
  await assert.rejects(away.enrol(away.token()), { code: "platform-away" });
  writeFileSync(file, JSON.stringify({ keys: [key.jwk] }));
  const there = await authority(t, [ORDERS], { file });
  assert.equal((await there.enrol(there.token())).service, "orders");
});

test("an authority that trusts no platform takes no such token", async (t) => {
  const state = stateFolder(t);
  const trust = await bootstrap(state);
  const running = await startAuthority({ stateDir: state, host: "127.0.0.1", port: 0, brokers: [] });
  t.after(() => running.close());
  const ticket = { authority: running.url, pin: trust.pin, token: tokenOf(key, {}) };
  await assert.rejects(enrol(ticket, { version: "1" }), { code: "platform-off" });
});

test("a token with ranges of addresses is of no use from elsewhere, and that costs no use", async (t) => {
  const { state, url } = await authority(t, [ORDERS]);
  const ask = (cidrs: string[]) => requestToken(state, url, { service: "orders", ttlMs: 60_000, cidrs });
  const { token: elsewhere } = await ask(["10.0.0.0/8", "fd00::/8"]);
  await assert.rejects(enrol(elsewhere, { version: "1" }), {
    code: "token-elsewhere",
    message: /not for use from 127\.0\.0\.1, only from 10\.0\.0\.0\/8, fd00::\/8/,
  });
  const { token: here, cidrs } = await ask(["10.0.0.0/8", "127.0.0.0/8"]);
  assert.deepEqual(cidrs, ["10.0.0.0/8", "127.0.0.0/8"]);
  assert.equal((await enrol(here, { version: "1" })).service, "orders");
  await assert.rejects(ask(["10.0.0.0/64"]), { code: "bad-request", message: /give a range of addresses/ });
  await assert.rejects(ask(["10.1.2.3/8"]), {
    code: "bad-request",
    message: /write 10\.0\.0\.0\/8 for all of it/,
  });
});
