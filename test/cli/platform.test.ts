import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { signingKey, tokenOf } from "../support/token-issuer.ts";
import { FREE_PORTS, Weft } from "./weft.ts";

const weft = new Weft();
/** Another machine: it has nothing of the mesh but what its platform gives it. */
const elsewhere = new Weft();
after(async () => {
  await elsewhere.close();
  await weft.close();
});

const key = signingKey("k1");
const TRUST = `
issuers:
  - name: cluster
    issuer: https://k8s.test
    audiences: [weft]
    jwks: { keys: [${JSON.stringify(key.jwk)}] }
    rules:
      - { claims: { sub: "system:serviceaccount:shop:*" }, service: shop }
`;

test("an instance joins with what its platform gives it, and the pin that weft up prints", async () => {
  const file = join(weft.folder, "trust.yaml");
  writeFileSync(file, TRUST.replace("shop:*", "shop-*"));
  const refused = await weft.run(["up", ...FREE_PORTS, "--trust-issuers", file]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /issuers\[0\]\.rules\[0\]\.claims\.sub: /);

  writeFileSync(file, TRUST);
  const up = await weft.start(["up", ...FREE_PORTS, "--trust-issuers", file]);
  const [, url = "", pin = ""] = /^authority\s+(\S+)\s+pin (\S+)$/m.exec(up.stdout()) ?? [];
  const token = join(elsewhere.folder, "token");
  const claims = { iss: "https://k8s.test", aud: "weft", sub: "system:serviceaccount:shop:front" };
  writeFileSync(token, `${tokenOf(key, { ...claims, exp: Math.floor(Date.now() / 1000) + 600 })}\n`);
  const sidecarOf = (service: string, more: string[]) => [
    "sidecar",
    service,
    "--listen",
    "0",
    "--platform-token",
    token,
    ...more,
  ];
  const where = ["--authority", url, "--authority-pin", pin];

  const sidecar = await elsewhere.start(sidecarOf("shop", where));
  assert.match(sidecar.ready, /^ready shop /);
  assert.equal((await sidecar.end()).code, 0);

  const other = await elsewhere.run(sidecarOf("orders", where));
  assert.equal(other.code, 1);
  assert.match(other.stderr, /the platform token is for shop, not for orders/);
  const alone = await elsewhere.run(sidecarOf("shop", where.slice(0, 2)));
  assert.equal(alone.code, 2);
  assert.match(alone.stderr, /--authority and --authority-pin belong together/);
  const impostor = await elsewhere.run(sidecarOf("shop", [...where.slice(0, 3), "A".repeat(43)]));
  assert.equal(impostor.code, 1);
  assert.match(impostor.stderr, /is not the authority.*secret was not sent/);

  const made = await weft.run(["token", "shop", "--cidr", "10.0.0.0/8", "--cidr", "::1/128", "-o", "json"]);
  assert.deepEqual(JSON.parse(made.stdout).cidrs, ["10.0.0.0/8", "::1/128"]);
  const bad = await weft.run(["token", "shop", "--cidr", "10.0.0.0"]);
  assert.equal(bad.code, 2);
  assert.match(bad.stderr, /Give a range of addresses/);
});
