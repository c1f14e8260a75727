import assert from "node:assert/strict";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { start } from "../../support/flow.ts";
import { testApp } from "../../support/mesh.ts";
import { policy, routedMesh } from "../../support/routed-mesh.ts";
import { until } from "../../support/until.ts";

test("a body that comes in chunks is sent again though the app answered before it had read it", async (t) => {
  const mesh = await routedMesh(t);
  const seen: string[] = [];
  const app = await testApp(t, (request, response) => {
    response.writeHead(seen.push(String(request.headers["weft-attempt"])) < 3 ? 503 : 200);
    if (seen.length < 3) response.end();
    else request.pipe(response);
  });
  await mesh.serve("orders", app);
  const shop = await mesh.caller("shop");
  await mesh.apply(policy("orders", { retry: { codes: [503], attempts: 5 } }));
  const { sent, answer } = start(t, shop.listen, "PUT");
  sent.write("one ");
  await until(() => seen.length > 0, { what: "the first part to reach the app" });
  sent.end("two");
  const response = await answer;
  assert.equal(response.statusCode, 200);
  assert.equal((await buffer(response)).toString(), "one two");
  assert.deepEqual(seen, ["1", "2", "3"]);
});
