import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { OwnTokens } from "../../sidecar/inbound/own-tokens.ts";
import { Sweep } from "../../sidecar/stack/sweep.ts";
import { writtenKeys } from "../../src/bearer/keys.ts";
import { TokenChecker } from "../../src/bearer/token-checker.ts";
import type { SignatureAlgorithm } from "../../src/protocol/signature-algorithm.ts";
import { systemClock } from "../../src/registry/clock.ts";
import { repeatAwaited } from "./cases.ts";
import type { Case } from "./clock.ts";
import { send } from "./layer-cases.ts";
import { callFor } from "./leaf.ts";
import { policyOf, requestFor, SERVICE } from "./plan-of.ts";

const ISSUER = "https://login.example.com/";
const HOUR_S = 3600;

/** Looking at the token of an end user: its signature checked, and, as for most calls, known from a call before. */
export function tokenCases(): Case[] {
  const rsa = signer("RS256", generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey);
  const ec = signer("ES256", generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
  const verified = ({ alg, token, jwk }: Signer): Case => {
    const rules = { name: "login", issuer: ISSUER, audiences: [SERVICE], algorithms: [alg], clockSkewMs: 0 };
    const checker = new TokenChecker({
      providers: [{ ...rules, keys: writtenKeys([jwk]) }],
      unix: Date.now,
      keep: 0,
    });
    return repeatAwaited(`token: ${alg}, signature checked`, async () => checker.check(token));
  };
  return [verified(rsa), verified(ec), known(rsa)];
}

function known({ token, jwk }: Signer): Case {
  const own = new OwnTokens({
    ...{ service: SERVICE, clock: systemClock, random: Math.random, say: () => {}, counted: () => {} },
  });
  const claimsToHeaders = [{ claim: "sub", header: "x-user" }];
  const login = {
    name: "login",
    issuer: ISSUER,
    audiences: [SERVICE],
    jwks: { keys: [jwk] },
    claimsToHeaders,
  };
  own.configure(policyOf({ authentication: { providers: [login] } }));
  const service = own.layer!(send);
  const request = requestFor("/v2/orders/42");
  const signed = { ...request, headers: `${request.headers}Authorization: Bearer ${token}\r\n` };
  const sweep = new Sweep();
  const run = repeatAwaited("token: known, the whole layer with a claim as header", async () => {
    const outcome = await service(callFor(signed, sweep.now()));
    if (outcome.kind !== "replied") throw new Error(outcome.message);
  });
  return { ...run, over: "stack: no layer, awaited" };
}

interface Signer {
  readonly alg: SignatureAlgorithm;
  readonly jwk: object;
  readonly token: string;
}

function signer(alg: SignatureAlgorithm, key: KeyObject): Signer {
  const claims = { iss: ISSUER, aud: SERVICE, sub: "ada", exp: Math.floor(Date.now() / 1000) + HOUR_S };
  const input = [{ alg, kid: "k" }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  const signature = sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" });
  const { d: _, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...jwk } = key.export({ format: "jwk" });
  return { alg, jwk: { ...jwk, kid: "k" }, token: `${input}.${signature.toString("base64url")}` };
}
