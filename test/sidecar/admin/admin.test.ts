import assert from "node:assert/strict";
import { request } from "node:http";
import { type TestContext, test } from "node:test";
import { AdminError, type AdminProviders, startAdmin } from "../../../sidecar/admin/admin.ts";

const providers = (over: Partial<AdminProviders> = {}): AdminProviders => ({
  metrics: async (view) => `${view}_info 1\n`,
  ready: () => ({ ready: true, reasons: [] }),
  config: () => ({ service: "shop", listen: "127.0.0.1:7000" }),
  log: { level: "info", accessSample: 1, accessSlowMs: 1000 },
  hasAccessLog: true,
  endpoints: () => [{ service: "orders", instance: "o1" }],
  ...over,
});

type Reply = { status: number; headers: Record<string, unknown>; text: string };

async function admin(t: TestContext, over: Partial<AdminProviders> = {}) {
  const { port, address, close } = await startAdmin(providers(over));
  t.after(close);
  const ask = (path: string, method = "GET", host = `127.0.0.1:${port}`): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const call = request({ port, host: "127.0.0.1", path, method, headers: { host } }, async (response) => {
        const text = Buffer.concat(await response.toArray()).toString();
        resolve({ status: response.statusCode!, headers: response.headers, text });
      });
      call.once("error", reject);
      call.end();
    });
  return { port, address, ask };
}

test("each page answers what its provider says", async (t) => {
  const { ask } = await admin(t);
  const metrics = await ask("/metrics?ignored=1");
  assert.equal(metrics.text, "weft_info 1\n");
  assert.equal((await ask("/metrics?view=istio")).text, "istio_info 1\n");
  const wrong = await ask("/metrics?view=envoy");
  assert.deepEqual([wrong.status, JSON.parse(wrong.text).error], [400, "there is no such view: weft, istio"]);
  assert.match(String(metrics.headers["content-type"]), /^text\/plain; version=0\.0\.4/);
  assert.deepEqual(JSON.parse((await ask("/live")).text), { live: true });
  assert.deepEqual(JSON.parse((await ask("/endpoints")).text), [{ service: "orders", instance: "o1" }]);
  assert.equal(JSON.parse((await ask("/config")).text).service, "shop");
});

test("a sidecar that is not ready answers 503 and why", async (t) => {
  const { ask } = await admin(t, { ready: () => ({ ready: false, reasons: ["the broker is away"] }) });
  const { status, text } = await ask("/ready");
  assert.equal(status, 503);
  assert.deepEqual(JSON.parse(text).reasons, ["the broker is away"]);
  assert.equal((await ask("/live")).status, 200);
});

test("what bears the name of a secret is not shown, however deep", async (t) => {
  const hidden = "do-not-show";
  const { ask } = await admin(t, {
    config: () => ({ token: hidden, tls: [{ a: { b: { Key: hidden, privateKey: hidden } } }], port: 1 }),
  });
  const { text } = await ask("/config");
  assert.ok(!text.includes(hidden));
  assert.equal(JSON.parse(text).port, 1);
});

test("a request under a name that is not of this machine is refused", async (t) => {
  const { ask, port } = await admin(t);
  for (const host of ["evil.example", `evil.example:${port}`, "127.0.0.1.evil.example", "10.0.0.1"])
    assert.equal((await ask("/config", "GET", host)).status, 403, host);
  for (const host of ["localhost", `localhost:${port}`, "127.0.0.1", `[::1]:${port}`])
    assert.equal((await ask("/config", "GET", host)).status, 200, host);
});

test("it only shows: other methods are refused, HEAD has no body", async (t) => {
  const { ask } = await admin(t);
  const post = await ask("/config", "POST");
  assert.deepEqual([post.status, post.headers.allow], [405, "GET, HEAD"]);
  const head = await ask("/live", "HEAD");
  assert.deepEqual([head.status, head.text], [200, ""]);
  assert.ok(Number(head.headers["content-length"]) > 0);
});

test("a page that does not exist says which do", async (t) => {
  const { ask } = await admin(t);
  const { status, text } = await ask("/nothing");
  assert.equal(status, 404);
  assert.deepEqual(JSON.parse(text).pages, [
    "/metrics",
    "/ready",
    "/healthz",
    "/live",
    "/config",
    "/endpoints",
    "/log",
  ]);
});

test("a provider that fails makes a 500, and the listener goes on", async (t) => {
  const { ask } = await admin(t, { metrics: () => Promise.reject(new Error("no registry")) });
  const { status, text } = await ask("/metrics");
  assert.equal(status, 500);
  assert.match(text, /no registry/);
  assert.equal((await ask("/live")).status, 200);
});

test("it opens on loopback addresses only, and says when the port is taken", async (t) => {
  await assert.rejects(startAdmin(providers(), "0.0.0.0"), AdminError);
  const { port, address } = await admin(t);
  assert.equal(address, `127.0.0.1:${port}`);
  await assert.rejects(
    startAdmin(providers(), "127.0.0.1", port),
    /port \d+ is taken: give the admin listener port 0/,
  );
});

test("nothing is changed of an access log that is not there, and nothing by a page of a browser", async (t) => {
  const { ask, port } = await admin(t, { hasAccessLog: false });
  const put = await ask("/log?access-sample=0.25", "PUT");
  assert.equal(put.status, 409);
  assert.match(put.text, /start the sidecar with --access-log/);
  assert.equal((await ask("/log?level=info", "PUT")).status, 200);
  const origin = { origin: `http://127.0.0.1:${port}` };
  const asked = await fetch(`http://127.0.0.1:${port}/log?level=warn`, { method: "PUT", headers: origin });
  assert.equal(asked.status, 403);
});

test("what is logged is shown, and changed by PUT alone, all that is asked for or nothing", async (t) => {
  const log = { level: "info" as const, accessSample: 1, accessSlowMs: 1000 };
  const { ask } = await admin(t, { log });
  const put = await ask("/log?level=warn&access-sample=0.25", "PUT");
  assert.deepEqual([put.status, log.level, log.accessSample, log.accessSlowMs], [200, "warn", 0.25, 1000]);
  assert.deepEqual(JSON.parse((await ask("/log")).text), log);
  for (const [query, says] of [
    ["?level=loud&access-sample=0", /level is one of info, warn/],
    ["?access-sample=2", /from 0 to 1/],
    ["?access-sample=", /from 0 to 1/],
    ["?access-slow-ms=soon", /number of ms/],
    ["?loglevel=warn", /say level, access-sample/],
    ["", /say level/],
  ] as const) {
    const wrong = await ask(`/log${query}`, "PUT");
    assert.equal(wrong.status, 400);
    assert.match(wrong.text, says);
  }
  assert.deepEqual(log, { level: "warn", accessSample: 0.25, accessSlowMs: 1000 });
  const posted = await ask("/log?level=info", "POST");
  assert.deepEqual([posted.status, posted.headers.allow], [405, "GET, HEAD, PUT"]);
});
