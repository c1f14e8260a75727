import assert from "node:assert/strict";
import { createServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { startAuthority } from "../../src/identity/authority/authority.ts";
import { type Issuer, issueIntermediate, issueLeaf, issueRoot } from "../../src/identity/keys/certificate.ts";
import { keyFromPem, keyPem, newTlsKey } from "../../src/identity/keys/tls-key.ts";
import { enrol } from "../../src/identity/member/enrol.ts";
import { joinTokenText, parseJoinToken } from "../../src/identity/member/join-token.ts";
import { localToken, requestToken } from "../../src/identity/member/request-token.ts";
import { bootstrap } from "../../src/identity/trust/bootstrap.ts";
import { loadRoots } from "../../src/identity/trust/roots.ts";
import { stateFolder } from "../support/state.ts";

const DAY_MS = 86_400_000;

async function authority(t: TestContext, now = Date.now) {
  const state = stateFolder(t);
  const trust = await bootstrap(state);
  const { url, close } = await startAuthority({
    stateDir: state,
    host: "127.0.0.1",
    port: 0,
    brokers: ["127.0.0.1:1"],
    now,
  });
  t.after(close);
  return { state, trust, url, roots: loadRoots(state) };
}

/** Somebody in between: it ends TLS with the given certificate and keeps whatever is sent to it. */
async function impostor(t: TestContext, tls: ServerOptions): Promise<{ url: string; heard: string[] }> {
  const heard: string[] = [];
  const server = createServer({ ...tls, minVersion: "TLSv1.3" }, (request, response) => {
    heard.push(`${request.method} ${request.url}`);
    request.on("data", (data) => heard.push(String(data)));
    response.end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, heard };
}

/** A certificate as the authority's is, but from `issuer`. */
async function authorityLeaf(issuer: Issuer, { lifeMs = DAY_MS, name = "authority.mesh" } = {}) {
  const key = newTlsKey();
  const sans = [{ type: "dns" as const, value: name }];
  const cert = await issueLeaf(
    issuer,
    { key, commonName: name, sans, usages: ["server"] },
    { now: Date.now(), lifeMs },
  );
  return { cert, key: keyPem(key) };
}

test("a token works once, and not after its time", async (t) => {
  let now = Date.now();
  const { state, url } = await authority(t, () => now);
  const token = await localToken(state, "orders", url);
  await enrol(token, { version: "1" });
  await assert.rejects(enrol(token, { version: "1" }), { code: "token-used" });

  const { token: late, expiresAt } = await requestToken(state, url, { service: "orders", ttlMs: 60_000 });
  now = expiresAt;
  await assert.rejects(enrol(late, { version: "1" }), { code: "token-expired" });
});

test("a guessed id, a guessed secret and a token made elsewhere look alike and are refused", async (t) => {
  const { state, url } = await authority(t);
  const other = await authority(t);
  const token = parseJoinToken(await localToken(state, "orders", url));
  const elsewhere = parseJoinToken(await localToken(other.state, "orders", other.url));
  const guesses = [
    { ...token, secret: elsewhere.secret },
    { ...token, id: "0".repeat(12) },
    { ...token, id: elsewhere.id, secret: elsewhere.secret },
  ];
  for (const guess of guesses)
    await assert.rejects(enrol(joinTokenText(guess), { version: "1" }), {
      code: "token-unknown",
      message: /is not known here/,
    });
  await assert.rejects(enrol(joinTokenText({ ...token, id: "../../users" }), { version: "1" }), {
    code: "bad-request",
  });
});

test("an authority of another CA, with the same names, never hears the secret", async (t) => {
  const { state, url } = await authority(t);
  const token = parseJoinToken(await localToken(state, "orders", url));
  const validity = { now: Date.now(), lifeMs: DAY_MS };
  const root = await issueRoot("weft mesh root", 1, validity);
  const { cert, key } = await authorityLeaf(await issueIntermediate(root, "weft mesh issuer", validity));
  const evil = await impostor(t, { cert: cert + root.certPem, key });
  await assert.rejects(enrol(joinTokenText({ ...token, url: evil.url }), { version: "1" }), {
    code: "untrusted",
    message: /the secret was not sent/,
  });
  assert.deepEqual(evil.heard, []);
});

test("showing the true root, which is public, beside a forged chain does not help", async (t) => {
  const { state, url, roots } = await authority(t);
  const token = parseJoinToken(await localToken(state, "orders", url));
  const validity = { now: Date.now(), lifeMs: DAY_MS };
  const root = await issueRoot("weft mesh root", 1, validity);
  const forged = await issueIntermediate(root, "weft mesh issuer", validity);
  const trueChain = roots.issuer("intermediate").certPem + roots.rootCa;
  const underForged = await authorityLeaf(forged);
  const underFalseName = await authorityLeaf({ ...forged, chainPem: "" });
  const chains = [
    { cert: underForged.cert + roots.rootCa, key: underForged.key },
    { cert: underFalseName.cert + trueChain, key: underFalseName.key },
  ];
  for (const chain of chains) {
    const evil = await impostor(t, chain);
    await assert.rejects(enrol(joinTokenText({ ...token, url: evil.url }), { version: "1" }), {
      code: "untrusted",
    });
    assert.deepEqual(evil.heard, []);
  }
});

test("a member of the mesh cannot pose as the authority, neither with its certificate nor as a CA", async (t) => {
  const { state, url, roots } = await authority(t);
  const member = await enrol(await localToken(state, "evil", url), { version: "1" });
  const token = parseJoinToken(await localToken(state, "orders", url));
  const asCa: Issuer = {
    key: keyFromPem(member.tls.key),
    certPem: member.tls.cert,
    chainPem: member.tls.cert,
  };
  const below = await authorityLeaf(asCa);
  const poses = [
    { cert: member.tls.cert + roots.rootCa, key: member.tls.key },
    { cert: below.cert + roots.rootCa, key: below.key },
  ];
  for (const pose of poses) {
    const evil = await impostor(t, pose);
    await assert.rejects(enrol(joinTokenText({ ...token, url: evil.url }), { version: "1" }), {
      code: "untrusted",
    });
    assert.deepEqual(evil.heard, []);
  }
});

test("a certificate of the mesh that has expired, or is for another name, hears nothing either", async (t) => {
  const { state, url, roots } = await authority(t);
  const token = parseJoinToken(await localToken(state, "orders", url));
  const issuer = roots.issuer("intermediate");
  for (const [leaf, reason] of [
    [await authorityLeaf(issuer, { lifeMs: -1000 }), /has expired/],
    [await authorityLeaf(issuer, { name: "nats.mesh" }), /is not for authority\.mesh/],
  ] as const) {
    const evil = await impostor(t, { cert: leaf.cert + roots.rootCa, key: leaf.key });
    await assert.rejects(enrol(joinTokenText({ ...token, url: evil.url }), { version: "1" }), {
      code: "untrusted",
      message: reason,
    });
    assert.deepEqual(evil.heard, []);
  }
});

test("a token whose pin was tampered with enrols nowhere, and a cut-off one is not repeated in the error", async (t) => {
  const { state, trust, url } = await authority(t);
  const other = await authority(t);
  const text = await localToken(state, "orders", url);
  const token = parseJoinToken(text);
  assert.equal(token.pin, trust.pin);
  await assert.rejects(enrol(joinTokenText({ ...token, pin: other.trust.pin }), { version: "1" }), {
    code: "untrusted",
  });
  const cut = text.slice(0, -20);
  await assert.rejects(
    enrol(cut, { version: "1" }),
    (error: Error) => error.name === "JoinTokenError" && !error.message.includes(cut),
  );
  await enrol(text, { version: "1" }); // none of this has used it up
});
