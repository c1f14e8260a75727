import assert from "node:assert/strict";
import { test } from "node:test";
import { ask } from "../support/ask.ts";
import { otlpReceiver } from "../support/otlp-receiver.ts";
import { policy, route, routedMesh } from "../support/routed-mesh.ts";
import { Fleet } from "./resilience/fleet.ts";

const CLIENT = 3;
const SERVER = 2;

test("spans of caller and callees join up for retries, hedges and mirrors, in traces that the policy of a route samples", async (t) => {
  const receiver = await otlpReceiver(t);
  const tracing = { endpoint: receiver.url, ratio: 0 };
  const mesh = await routedMesh(t);
  const fleet = new Fleet(t, mesh);
  const audit = new Fleet(t, mesh, "audit");
  for (let i = 0; i < 2; i++) await fleet.add({}, { tracing });
  await audit.add({}, { tracing });
  const shop = await mesh.caller("shop", { tracing });
  await fleet.isKnownTo(shop);
  const prefix = (value: string) => ({ matches: [{ path: { type: "PathPrefix", value } }] });
  const copied = [{ type: "RequestMirror", requestMirror: { backendRef: { name: "audit" } } }];
  const backendRefs = [{ name: "orders" }];
  await mesh.apply(
    route("orders", [
      { name: "copied", ...prefix("/copied"), filters: copied, backendRefs },
      { name: "unseen", ...prefix("/unseen"), backendRefs },
      { name: "rest", backendRefs },
    ]),
    policy("orders", {
      balance: { policy: "round-robin" },
      retry: { codes: [503], backoff: "1ms" },
      hedge: { delay: "100ms" },
      tracing: { sampling: 100, routes: [{ route: "orders/unseen", sampling: 0 }] },
    }),
  );
  fleet.script("/again", { status: 503 }, {});
  fleet.script("/hedged", { afterMs: 2000 }, {});
  for (const path of ["/plain", "/again", "/hedged", "/copied", "/unseen"])
    assert.equal((await ask(shop.listen, "orders.mesh", path)).status, 200, path);

  // Closing sends what is queued; the callees first, so that the copy's end is known.
  for (const { sidecar } of [...fleet.members, ...audit.members]) await sidecar.close(0);
  await shop.close(0);
  const all = receiver.spans();
  /** Of one request: the caller's span, and the instances whose spans are its children. */
  const of = (path: string) => {
    const spans = all.filter(({ attributes }) => attributes["url.path"] === path);
    const root = spans.find(({ parentSpanId = "" }) => parentSpanId === "");
    const below = (parent: string | undefined) => spans.filter(({ parentSpanId }) => parentSpanId === parent);
    assert.ok(
      spans.every(({ traceId }) => traceId === root?.traceId),
      "one trace",
    );
    assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, spans.length);
    return { spans, root, below, children: root === undefined ? [] : below(root.spanId) };
  };
  const said = (spans: readonly (typeof all)[number][]) =>
    spans.map(({ kind, service, attributes }) => [kind, service, attributes["http.response.status_code"]]);
  const byStatus = (a: (typeof all)[number], b: (typeof all)[number]) =>
    Number(b.attributes["http.response.status_code"]) - Number(a.attributes["http.response.status_code"]);

  const plain = of("/plain");
  assert.deepEqual(said([plain.root!]), [[CLIENT, "shop", 200]]);
  assert.deepEqual(said(plain.children), [[SERVER, "orders", 200]]);

  const again = of("/again").children.sort(byStatus);
  assert.deepEqual(said(again), [
    [SERVER, "orders", 503],
    [SERVER, "orders", 200],
  ]);
  const instances = again.map(({ resource }) => resource["service.instance.id"]);
  assert.equal(new Set(instances).size, 2, "each attempt is told by its instance");

  const hedged = of("/hedged");
  assert.deepEqual(
    hedged.children.map(({ kind, service }) => [kind, service]),
    [
      [SERVER, "orders"],
      [SERVER, "orders"],
    ],
  );
  assert.ok(hedged.root!.events.some(({ name }) => name === "hedge-won"));

  const copy = of("/copied");
  const mirrored = copy.spans.filter(({ attributes }) => attributes["weft.mirrored"] === true);
  assert.deepEqual(
    said(copy.children.filter((one) => !mirrored.includes(one))),
    [[SERVER, "orders", 200]],
    "the call itself",
  );
  const [sent] = copy.children.filter((one) => mirrored.includes(one));
  assert.deepEqual(said([sent!]), [[CLIENT, "shop", 200]], "the copy, below the call that it is of");
  assert.deepEqual(said(copy.below(sent!.spanId)), [[SERVER, "audit", 200]]);
  assert.equal(mirrored.length, 2);

  assert.deepEqual(of("/unseen").spans, []);
});
