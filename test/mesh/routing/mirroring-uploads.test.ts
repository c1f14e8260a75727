import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { bytes, Drain, hashOf, Source, settled, start } from "../../support/flow.ts";
import { testApp } from "../../support/mesh.ts";
import { metricsOf, value } from "../../support/metrics.ts";
import { route, routedMesh } from "../../support/routed-mesh.ts";
import { until } from "../../support/until.ts";

/** Sends all calls of `orders` to its version 1, and copies to version 2. */
const mirrored = route("orders", [
  {
    backendRefs: [{ name: "orders", version: "1" }],
    filters: [{ type: "RequestMirror", requestMirror: { backendRef: { name: "orders", version: "2" } } }],
  },
]);

/** An app that notes each request when its head has come, and its body when that has. */
async function uploadsTo(t: TestContext) {
  const heads: string[] = [];
  const bodies: string[] = [];
  const app = await testApp(t, async (request, response) => {
    heads.push(request.url!);
    const hash = await new Drain(request).done().catch(() => undefined);
    if (hash !== undefined) bodies.push(hash);
    response.end("taken");
  });
  return { app, heads, bodies };
}

async function uploading(t: TestContext) {
  const mesh = await routedMesh(t);
  const [real, copy] = [await uploadsTo(t), await uploadsTo(t)];
  const serving = await mesh.serve("orders", real.app, { version: "1" });
  await mesh.serve("orders", copy.app, { version: "2" });
  const shop = await mesh.caller();
  await mesh.apply(mirrored);
  const skipped = async () => value(await metricsOf(shop.admin!), "weft_mirror_client_skipped_total");
  return { real, copy, serving, shop, skipped };
}

test("a body that comes later than its head is copied up to 64 KiB, and passes to the real app as it comes", async (t) => {
  const { real, copy, shop, skipped } = await uploading(t);
  for (const length of [10, 64 * 1024])
    for (const headers of [{ "content-length": length }, {}]) {
      const before = real.heads.length;
      const { sent, answer } = start(t, shop.listen, "PUT", "/", headers);
      sent.flushHeaders();
      await until(() => real.heads.length > before, { what: "the head to reach the real app" });
      assert.equal(copy.heads.length, before, "the copy waits for the body");
      sent.write(bytes(3));
      sent.end(bytes(length).subarray(3));
      assert.equal((await answer).statusCode, 200);
      assert.equal(real.bodies.at(-1), hashOf(bytes(length)));
      await until(() => copy.bodies.length === real.bodies.length, { what: "the copy" });
      assert.equal(copy.bodies.at(-1), real.bodies.at(-1));
    }
  assert.equal(await skipped(), 0);
});

test("a longer upload is not copied, and counted as skipped", async (t) => {
  const { real, copy, shop, skipped } = await uploading(t);
  for (const [count, length] of [64 * 1024 + 1, 5 * 1024 * 1024].entries()) {
    const { sent, answer } = start(t, shop.listen, "PUT", "/", { "content-length": length });
    sent.flushHeaders();
    await until(() => real.heads.length > count, { what: "the head to reach the real app" });
    new Source(sent, length);
    assert.equal((await answer).statusCode, 200);
    assert.equal(real.bodies.at(-1), hashOf(bytes(length)));
    assert.equal(await skipped(), count + 1);
  }
  assert.equal(await settled(() => copy.heads.length), 0);
});

test("an upload that its caller breaks off, or that finds nobody, is not copied, and counted as skipped", async (t) => {
  const { real, copy, serving, shop, skipped } = await uploading(t);
  const { sent } = start(t, shop.listen, "PUT", "/", { "content-length": 10 });
  sent.write("first");
  await until(() => real.heads.length === 1, { what: "the head to reach the real app" });
  sent.destroy();
  await until(async () => (await skipped()) === 1, { what: "the copy to be skipped" });
  await serving.leave(0);
  const late = start(t, shop.listen, "PUT", "/", { "content-length": 10 });
  late.sent.write("first");
  assert.equal((await late.answer).statusCode, 503);
  assert.equal(await skipped(), 2);
  assert.equal(await settled(() => copy.heads.length), 0);
});
