import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { askTls, outsideCa } from "../support/gateway.ts";
import { testApp } from "../support/mesh.ts";
import { FREE_PORTS, soon, Weft } from "./weft.ts";

const weft = new Weft();
after(() => weft.close());

test("weft gateway lets requests in by route, keeps its identity, and ends in order", async (t) => {
  const outside = await outsideCa(t);
  const { cert, key } = await outside.files("shop", "shop.example.com");
  const wrong = await weft.run(["gateway", "--https", "127.0.0.1:0", "--cert", cert]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /1 --cert and 0 --key/);

  await weft.start(["up", ...FREE_PORTS]);
  const files = ["--cert", cert, "--key", key];
  const noKey = await weft.run(["gateway", "--https", "127.0.0.1:0", "--cert", cert, "--key", cert]);
  assert.equal(noKey.code, 1);
  assert.match(noKey.stderr, /is not the key of/);

  const gateway = await weft.start(["gateway", "--https", "127.0.0.1:0", ...files]);
  const [, address = ""] = /^ready gateway=gateway instance=\S+ https=https:\/\/(\S+) admin=/.exec(
    gateway.ready,
  )!;
  const app = await testApp(t, (request, response) => response.end(`${request.headers["x-real-ip"]}`));
  await weft.start([
    "sidecar",
    "shop",
    "--version",
    "1",
    "--listen",
    "0",
    "--app",
    `${app.host}:${app.port}`,
  ]);
  const file = join(weft.folder, "route.yaml");
  writeFileSync(
    file,
    `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: shop }
spec:
  parentRefs: [{ name: gateway, sectionName: https }]
  hostnames: [shop.example.com]
  rules: [{ backendRefs: [{ name: shop }] }]
`,
  );
  await soon(async () => (await weft.run(["apply", "-f", file])).code === 0);
  await soon(async () => (await askTls(address, outside.ca, "shop.example.com")).status === 200);
  assert.equal((await askTls(address, outside.ca, "shop.example.com")).text, "127.0.0.1");
  assert.match((await weft.run(["get", "routes"])).stdout, /shop +gateway\/shop\.example\.com/);

  const metrics = await (await fetch(`${/admin=(\S+)/.exec(gateway.ready)![1]}/metrics`)).text();
  assert.match(metrics, /^weft_credential_expiry_timestamp_seconds\{.*kind="gateway"\} \d+$/m);
  const isTold = async (level: string, failBefore: string) =>
    new RegExp(`^${level} +gateways +the certificate of gateway/\\S+ is good for`, "m").test(
      (await weft.run(["check", "--fail-before", failBefore])).stdout,
    );
  await soon(() => isTold("ok", "1m"));
  assert.ok(await isTold("fail", "2h"), "its life is an hour");
  assert.equal((await gateway.end()).code, 0);
});
