import assert from "node:assert/strict";
import { test } from "node:test";
import { ask } from "../support/ask.ts";
import { testApp } from "../support/mesh.ts";
import { routedMesh } from "../support/routed-mesh.ts";
import { until } from "../support/until.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const context = { traceparent: `00-${TRACE}-b7ad6b7169203331-00` };

test("a failed trace is listed, and told as a tree of all hops, also where an app does not forward its context", async (t) => {
  const mesh = await routedMesh(t);
  const billing = await testApp(t, (_request, response) => response.writeHead(503).end());
  await mesh.serve("billing", billing);
  // Asks billing in turn, through its own sidecar, for each request; with the trace context only when asked to.
  let own = "";
  const app = await testApp(t, async ({ url, headers }, response) => {
    const forwarded = url === "/forwards" ? { traceparent: headers.traceparent as string } : {};
    const { status } = await ask(own, "billing.mesh", url, { headers: forwarded });
    response.writeHead(status).end();
  });
  const orders = await mesh.serve("orders", app, { listen: { host: "127.0.0.1", port: 0 } });
  own = orders.listen;
  const shop = await mesh.caller("shop");
  assert.equal((await ask(shop.listen, "orders.mesh", "/forwards", { headers: context })).status, 503);

  await until(
    async () => {
      const { traces } = await mesh.get("traces?kind=failed&service=billing");
      return traces.some(({ traceId }: { traceId: string }) => traceId === TRACE);
    },
    { what: "the trace to be listed" },
  );
  const { spans } = await mesh.get(`traces/${TRACE}`);
  // biome-ignore lint/suspicious/noExplicitAny: what a client of the API sees
  const told = spans.map(({ depth, side, service, status, path }: any) => [
    depth,
    side,
    service,
    status,
    path,
  ]);
  assert.deepEqual(told, [
    [0, "client", "shop", 503, "/forwards"],
    [1, "server", "orders", 503, "/forwards"],
    [2, "client", "orders", 503, "/forwards"],
    ...[[3, "server", "billing", 503, "/forwards"]],
  ]);
  // biome-ignore lint/suspicious/noExplicitAny: as above
  const open: any = await (await fetch(`${mesh.registry.url}/v1/traces/${TRACE}`)).json();
  assert.deepEqual(
    open.spans.map((span: object) => "path" in span || "message" in span),
    spans.map(() => false),
    "without the token there are no paths",
  );

  const other = TRACE.replace("0a", "0b");
  const headers = { traceparent: context.traceparent.replace(TRACE, other) };
  await ask(shop.listen, "orders.mesh", "/keeps-it", { headers });
  const trace = await mesh.get(`traces/${other}`);
  assert.deepEqual(
    trace.spans.map(({ service }: { service: string }) => service),
    ["shop", "orders"],
  );
  const [began] = trace.spans[1].began;
  const beyond = await mesh.get(`traces/${began}`);
  assert.deepEqual(
    beyond.spans.map(({ service }: { service: string }) => service),
    ["orders", "billing"],
  );
  assert.deepEqual((await mesh.get("health")).drops, {});
});
