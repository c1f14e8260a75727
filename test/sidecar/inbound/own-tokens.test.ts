import assert from "node:assert/strict";
import { test } from "node:test";
import { OwnTokens } from "../../../sidecar/inbound/own-tokens.ts";
import type { Service } from "../../../sidecar/stack/call.ts";
import type { Outcome } from "../../../sidecar/stack/outcome.ts";
import { readResource } from "../../../src/resources/read.ts";
import type { ServicePolicy } from "../../../src/resources/service-policy.ts";
import { aCall } from "../../support/calls.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { base64url, signingKey, tokenOf } from "../../support/token-issuer.ts";
import { replied } from "../policy/scene.ts";

const key = signingKey("k1");
const CLAIMS = { iss: "https://a", aud: "orders", sub: "ada", roles: ["buyer", "admin"] };
const PROVIDER = {
  ...{ name: "login", issuer: "https://a", audiences: ["orders"], jwks: { keys: [key.jwk] } },
  claimsToHeaders: [
    { claim: "sub", header: "x-user" },
    { claim: "roles", header: "X-Roles" },
  ],
};

const policyOf = (authentication: object): ServicePolicy => {
  const policy = { apiVersion: "weft.dev/v1", kind: "ServicePolicy", metadata: { name: "orders" } };
  const read = readResource({ ...policy, spec: { authentication } }, 0);
  assert.deepEqual(read.findings, []);
  return read.resource as ServicePolicy;
};

/** A callee with such a policy: what reaches its app, and what is counted. */
function callee(authentication: object, fetchKeys?: (uri: string) => Promise<unknown>) {
  const clock = new FakeClock();
  const counts: string[] = [];
  const seen: { headers: string; claims: unknown }[] = [];
  const own = new OwnTokens({
    ...{ service: "orders", clock, random: () => 0.5, say: () => {} },
    counted: (provider, result) => counts.push(`${provider} ${result}`),
    ...(fetchKeys && { fetchKeys }),
  });
  own.configure(policyOf(authentication));
  const app: Service = async ({ head, claims }) => {
    seen.push({ headers: head.headers, claims });
    return replied;
  };
  const call = (headers: string, path = "/"): Promise<Outcome> => own.layer!(app)(aCall({ headers, path }));
  const token = (claims: object = {}, by = key) =>
    tokenOf(by, { ...CLAIMS, exp: clock.unix() / 1000 + 600, ...claims });
  return { clock, counts, seen, own, call, token };
}

const saysOf = (outcome: Outcome) =>
  outcome.kind === "refused" ? `${outcome.code} ${outcome.headers ?? ""}` : outcome.kind;

test("a good token gets through, the app reads its claims, and not the token", async () => {
  const { call, token, seen, counts } = callee({ providers: [PROVIDER] });
  const outcome = await call(
    `Host: a\r\nAuthorization: bEaReR   ${token()}\r\nX-User: root\r\nx_roles: root\r\n`,
  );
  assert.equal(outcome.kind, "replied");
  assert.equal(seen[0]?.headers, "Host: a\r\nx-user: ada\r\nX-Roles: buyer,admin\r\n");
  assert.equal((seen[0]!.claims as { sub: string }).sub, "ada");
  assert.deepEqual(counts, ["login accepted"]);
});

test("with forward the token goes on as it came", async () => {
  const { call, token, seen } = callee({ providers: [{ ...PROVIDER, forward: true, claimsToHeaders: [] }] });
  const line = `Authorization: Bearer ${token()}\r\n`;
  await call(line);
  assert.equal(seen[0]?.headers, line);
});

test("without a token there is a challenge and no more, and the app sees nothing", async () => {
  const { call, seen, counts } = callee({ providers: [PROVIDER] });
  for (const headers of ["Host: a\r\n", "Authorization: Basic YTpi\r\n", "Authorization: Bearers x\r\n"])
    assert.equal(saysOf(await call(headers)), 'unauthenticated WWW-Authenticate: Bearer realm="orders"\r\n');
  assert.deepEqual(seen, []);
  assert.deepEqual(counts, [" missing", " missing", " missing"]);
});

test("a bad token is told as RFC 6750 has it, also where none is needed", async () => {
  const { call, token, seen, counts } = callee({ required: false, providers: [PROVIDER] });
  const challenge = (why: string) =>
    `unauthenticated WWW-Authenticate: Bearer realm="orders", error="invalid_token", error_description="${why}"\r\n`;
  for (const [bad, why] of [
    [token({ exp: 1 }), "the token has expired"],
    [token({ iss: "https://b" }), "the issuer of the token is not accepted here"],
    [token({}, { ...signingKey("k1") }), "the signature of the token is wrong"],
    ['x", realm="evil', "the token is not a signed JWT"],
    ["", "the token is not a signed JWT"],
  ] as const)
    assert.equal(saysOf(await call(`Authorization: Bearer ${bad}\r\n`)), challenge(why));
  assert.deepEqual(seen, []);
  assert.deepEqual(counts, [
    "login expired",
    " unknown-issuer",
    "login signature",
    " malformed",
    " malformed",
  ]);
});

test("where none is needed, who sends none is nobody, whatever else it says", async () => {
  const { call, seen } = callee({ required: false, providers: [PROVIDER] });
  await call("Host: a\r\nx-user: root\r\nX_ROLES: admin\r\n");
  assert.deepEqual(seen, [{ headers: "Host: a\r\n", claims: undefined }]);
});

test("two tokens are refused, be they in two fields, in two places or in one", async () => {
  const cookie = { ...PROVIDER, name: "web", issuer: "https://web", from: { cookie: "session" } };
  const { call, token, counts } = callee({ required: false, providers: [PROVIDER, cookie] });
  const good = token();
  const bearer = `Authorization: Bearer ${good}\r\n`;
  for (const headers of [
    bearer + bearer,
    `${bearer}authorization: Basic YTpi\r\n`,
    `Authorization: Basic YTpi\r\n${bearer}`,
    `${bearer}Cookie: session=${good}\r\n`,
    `Cookie: session=${good}; session=${good}\r\n`,
    `Cookie: session=${good}\r\nCookie: session=x\r\n`,
  ])
    assert.match(saysOf(await call(headers)), /more than one token/);
  assert.equal(new Set(counts).size, 1);
  assert.match(saysOf(await call(`Authorization: Bearer ${good}, Bearer ${good}\r\n`)), /not a signed JWT/);
});

test("a token counts only where its provider has it looked for", async () => {
  const web = signingKey("w1");
  const cookie = {
    ...{ ...PROVIDER, name: "web", issuer: "https://web", jwks: { keys: [web.jwk] } },
    from: { cookie: "session" },
  };
  const { call, token, seen } = callee({ providers: [PROVIDER, cookie] });
  const fromWeb = token({ iss: "https://web" }, web);
  assert.equal((await call(`Cookie: a=1; session=${fromWeb}; b=2\r\n`)).kind, "replied");
  assert.match(seen[0]!.headers, /^Cookie: a=1; b=2\r\nx-user: ada\r\n/);
  // Known as good by now, and still not in the other place.
  assert.match(
    saysOf(await call(`Authorization: Bearer ${fromWeb}\r\n`)),
    /issuer of the token is not accepted/,
  );
});

test("exempt paths need no token, and no spelling makes another path exempt", async () => {
  const { call, seen } = callee({ exempt: ["/healthz", "/public/"], providers: [PROVIDER] });
  for (const path of ["/healthz", "/healthz?x=/../admin", "/healthz/deep", "/public", "/public/a.css"])
    assert.equal((await call("Host: a\r\n", path)).kind, "replied", path);
  const passed = seen.length;
  for (const path of [
    ...[
      "/",
      "/healthzz",
      "/publicity",
      "/HEALTHZ",
      "*",
      "/healthz/../admin",
      "/public/./../admin",
      "/public/..",
    ],
    ...[
      "/public/%2e%2e/admin",
      "/public//admin",
      "//public",
      "/public/..;/admin",
      "/public;x",
      "/public\\..\\admin",
    ],
  ])
    assert.equal((await call("Host: a\r\n", path)).kind, "refused", path);
  assert.equal(seen.length, passed);
});

test("while keys cannot be had the answer is not that the token is bad, and a new policy keeps what it has", async () => {
  let away = true;
  let asked = 0;
  const jwks = { uri: "https://issuer.example/jwks", refresh: "10s" };
  const { call, token, clock, own, counts } = callee({ providers: [{ ...PROVIDER, jwks }] }, async (uri) => {
    assert.equal(uri, jwks.uri);
    asked++;
    if (away) throw new Error("away");
    return { keys: [key.jwk] };
  });
  const line = `Authorization: Bearer ${token()}\r\n`;
  assert.equal(saysOf(await call(line)), "issuer-away ");
  away = false;
  await clock.run(11_000, 500);
  assert.equal((await call(line)).kind, "replied");
  const before = asked;
  own.configure(policyOf({ providers: [{ ...PROVIDER, jwks }] }));
  assert.equal((await call(line)).kind, "replied");
  assert.equal(asked, before);
  assert.deepEqual(
    own.ages().map(([provider]) => provider),
    ["login"],
  );
  assert.deepEqual(counts, ["login issuer-away", "login accepted", "login accepted"]);
  away = true;
  own.configure(policyOf({ exempt: ["/new"], providers: [{ ...PROVIDER, jwks }] }));
  assert.equal((await call(line)).kind, "replied");
  assert.equal(asked, before);
  own.configure(undefined);
  assert.equal(own.layer, undefined);
  await clock.run(60_000, 10_000);
  assert.equal(asked, before);
});

test("a call that ended while its token was looked at does not reach the app", async () => {
  const { own, token, seen } = callee({ providers: [PROVIDER] });
  const call = aCall({ headers: `Authorization: Bearer ${token()}\r\n` });
  const outcome = own.layer!(async () => assert.fail("the app was called"))(call);
  call.cancel("deadline");
  assert.deepEqual(
    { ...(await outcome), message: "" },
    { kind: "failed", code: "deadline", delivered: "no", message: "" },
  );
  assert.deepEqual(seen, []);
});

test("what a token says never gets into another header, nor into the answer", async () => {
  const { call, token, seen } = callee({ providers: [PROVIDER] });
  await call(`Authorization: Bearer ${token({ sub: "ada\r\nx-roles: root" })}\r\n`);
  assert.match(seen[0]!.headers, /^x-user: ada%0D%0Ax-roles: root\r\n/);
  const bad = `${base64url({ alg: "none" })}.${base64url({ iss: 'a"\r\nSet-Cookie: x' })}.AAAA`;
  assert.doesNotMatch(saysOf(await call(`Authorization: Bearer ${bad}\r\n`)), /Set-Cookie/);
});

test("whatever an app could take for a token is looked at, also where none is asked for", async () => {
  const { call, token, seen } = callee({ required: false, providers: [PROVIDER] });
  const stranger = token({}, signingKey("k1"));
  for (const written of [
    `Bearer\t${stranger}`,
    `Bearer\xa0${stranger}`,
    `bearer\x85${stranger}`,
    `Bearer"${stranger}"`,
    `Basic x, Bearer ${stranger}`,
    `X Bearer ${stranger}`,
    `"Bearer\t${stranger}`,
  ])
    assert.match(
      saysOf(await call(`Authorization: ${written}\r\n`)),
      /^unauthenticated/,
      written.slice(0, 12),
    );
  const inOwn = callee({ required: false, providers: [{ ...PROVIDER, from: { header: "X-My-Jwt" } }] });
  assert.match(saysOf(await inOwn.call(`x_my-jwt: ${stranger}\r\n`)), /^unauthenticated/);
  const both = `x-my-jwt: ${inOwn.token()}\r\nX_MY_JWT: ${stranger}\r\n`;
  assert.match(saysOf(await inOwn.call(both)), /^unauthenticated/);
  assert.deepEqual([seen, inOwn.seen], [[], []]);
  for (const other of ["Basic YmVhcmVyIA==", "Bearers x", 'Digest username="a"', "Bearer-x y"])
    assert.equal((await call(`Authorization: ${other}\r\n`)).kind, "replied", other);
  assert.equal((await inOwn.call(`x_my_jwt: ${inOwn.token()}\r\n`)).kind, "replied");
  assert.doesNotMatch(inOwn.seen[0]!.headers, /jwt/i);
});
