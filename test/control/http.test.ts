import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { z } from "zod";
import { MemoryBroker } from "../../src/bus/memory-bus.ts";
import { policyExtension } from "../../src/control/extension.ts";
import { MemoryPolicyStore } from "../../src/control/store/memory-store.ts";
import { Catalog } from "../../src/registry/catalog.ts";
import { Drops } from "../../src/registry/drops.ts";
import { createApi } from "../../src/registry/http/server.ts";
import { Watchers } from "../../src/registry/http/watch.ts";
import { Registry } from "../../src/registry/registry.ts";
import { Keeper } from "../../src/registry/store/keeper.ts";
import { MemoryStore } from "../../src/registry/store/memory-store.ts";
import { beat, silentLog } from "../registry/beats.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { aPolicy, aRoute } from "./editor-scene.ts";

const TOKEN = "the-admin-token";
const MIB = 1024 * 1024;

class AwayStore extends MemoryPolicyStore {
  override async read(): Promise<never> {
    throw new Error("no answer");
  }
}

async function setUp(t: TestContext, store = new MemoryPolicyStore()) {
  const clock = new FakeClock();
  const bus = new MemoryBroker().connect();
  const catalog = new Catalog(clock);
  const drops = new Drops(silentLog, () => clock.now());
  const extension = policyExtension(store, TOKEN)({ bus, catalog, clock, drops, log: silentLog });
  const registry = new Registry({ bus, catalog, clock, drops, ...extension.hears });
  const keeper = new Keeper(catalog, new MemoryStore(), clock, silentLog);
  const watchers = new Watchers(catalog, clock, drops);
  const addMore: typeof extension.addRoutes = (app) => extension.addRoutes(app);
  const app = await createApi({ bus, catalog, registry, keeper, drops, watchers, addMore }, silentLog);
  await extension.load();
  extension.start();
  t.after(async () => {
    await app.close();
    await extension.close();
  });
  for (const version of ["1", "2"]) catalog.beat(beat({ instance: `i${version}`, version }));
  const send = async (
    method: "GET" | "POST",
    url: string,
    payload?: string | object,
    headers: Record<string, string> = {},
  ) => {
    const json = payload === undefined ? {} : { "content-type": "application/json" };
    const all = { host: "localhost", ...json, ...headers };
    const response = await app.inject({
      method,
      url,
      headers: all,
      ...(payload === undefined ? {} : { payload }),
    });
    return { status: response.statusCode, headers: response.headers, body: response.json() };
  };
  const bearer = { authorization: `Bearer ${TOKEN}` };
  return {
    app,
    clock,
    get: (url: string, headers = {}) => send("GET", url, undefined, headers),
    post: (what: string, payload: string | object, headers: Record<string, string> = bearer) =>
      send("POST", `/v1/policy/${what}`, payload, headers),
    bearer,
  };
}

const WRITES = ["apply", "delete", "rollback"] as const;

test("policy is applied, read, deleted and rolled back", async (t) => {
  const { get, post } = await setUp(t);
  const applied = await post("apply", { resources: [aRoute("r"), aPolicy("orders")], by: "ann@laptop" });
  assert.equal(applied.status, 200);
  assert.deepEqual([applied.body.revision, applied.body.dryRun, applied.body.findings], [1, false, []]);
  assert.equal(applied.body.changes[0].after.spec.rules[0].backendRefs[0].weight, 1);
  const { body: policy } = await get("/v1/policy?kind=HTTPRoute");
  assert.deepEqual([policy.revision, policy.store, policy.resources.length], [1, { state: "kept" }, 1]);
  assert.deepEqual(policy.resources[0].resource, applied.body.changes[0].after);
  assert.equal((await get("/v1/policy?name=orders")).body.resources.length, 1);
  assert.equal((await get("/v1/policy?kind=Secret")).status, 400);
  const deleted = await post("delete", { resources: [{ kind: "HTTPRoute", name: "r" }] });
  assert.equal(deleted.body.changes[0].change, "deleted");
  assert.equal((await post("rollback", {})).body.revision, 3);
  const { revisions } = (await get("/v1/policy/history")).body;
  assert.deepEqual(
    revisions.map((one: { revision: number; by: string; cause: string }) => [
      one.revision,
      one.by,
      one.cause,
    ]),
    [
      [3, "unknown", "rollback to 1"],
      [2, "unknown", "delete"],
      [1, "ann@laptop", "apply"],
      [0, "registry", "start"],
    ],
  );
  assert.equal((await get("/v1/policy/history/1")).body.resources.length, 2);
  assert.deepEqual((await get("/v1/policy/history/9")).body.error.code, "unknown-revision");
  assert.equal((await post("rollback", { revision: 9 })).status, 404);
});

test("what is wrong is told with all findings, and nothing is changed", async (t) => {
  const { get, post } = await setUp(t);
  const bad = [aRoute("a", { service: "lost" }), { kind: "HTTPRoute" }];
  const { status, body } = await post("apply", { resources: bad });
  assert.deepEqual([status, body.error.code], [422, "refused"]);
  assert.ok(body.findings.length > 3);
  for (const finding of body.findings)
    assert.ok(finding.code && finding.severity && finding.message && finding.cure, JSON.stringify(finding));
  const twice = await post("apply", { resources: [aRoute("a"), aRoute("a")] });
  assert.deepEqual(twice.body.findings[0].other, { document: 0, path: "metadata.name" });
  const analyzed = await post("analyze", { resources: bad }, {});
  assert.deepEqual([analyzed.status, analyzed.body.findings], [200, body.findings]);
  assert.equal((await get("/v1/policy")).body.revision, 0);
  const gone = await post("delete", { resources: [{ kind: "HTTPRoute", name: "never" }] });
  assert.deepEqual([gone.status, gone.body.findings[0].code], [422, "unknown-resource"]);
});

test("who writes or asks for an explanation needs the token", async (t) => {
  const { get, post } = await setUp(t);
  const body = { resources: [aRoute("a")] };
  for (const authorization of [
    "",
    "Bearer",
    "Bearer wrong",
    `Basic ${TOKEN}`,
    TOKEN,
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN} x`,
  ])
    for (const what of WRITES) {
      const answer = await post(what, body, authorization === "" ? {} : { authorization });
      assert.deepEqual([answer.status, answer.body.error.code], [401, "unauthorized"], authorization);
      assert.match(String(answer.headers["www-authenticate"]), /^Bearer/);
      assert.ok(!answer.body.error.message.includes(TOKEN));
    }
  assert.equal((await get("/v1/explain/abc")).status, 401);
  assert.equal((await get("/v1/policy")).body.revision, 0);
  // Before it reads what it would refuse anyway.
  assert.equal((await post("apply", "x".repeat(5 * MIB), {})).status, 401);
  assert.equal((await post("apply", body, { authorization: `bearer   ${TOKEN}` })).status, 200);
});

test("a page of another site changes nothing, even with the token", async (t) => {
  const { post, bearer } = await setUp(t);
  const body = { resources: [aRoute("a")], dryRun: true };
  for (const origin of [
    "https://evil.example",
    "null",
    "http://localhost.evil.example",
    "http://127.0.0.1.evil.example:80",
    "chrome-extension://localhost",
    "",
  ]) {
    const answer = await post("apply", body, { ...bearer, origin });
    assert.deepEqual([answer.status, answer.body.error.code], [403, "origin-foreign"], origin);
    assert.equal((await post("analyze", { resources: [] }, { origin })).status, 403);
  }
  for (const origin of ["http://localhost:3000", "http://127.0.0.1:4281"])
    assert.equal((await post("apply", body, { ...bearer, origin })).status, 200);
});

test("bodies that no client of ours would send are answered in JSON, and the API lives on", async (t) => {
  const { get, post, bearer } = await setUp(t);
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  const ODD: readonly (readonly [number, string, string | object, Record<string, string>?])[] = [
    [400, "bad-request", "{not json"],
    [400, "bad-request", ""],
    [400, "bad-request", "null"],
    [400, "bad-request", {}],
    [400, "bad-request", { resources: [] }],
    [400, "bad-request", { resources: "x" }],
    [400, "bad-request", { resources: [aRoute("a")], dryrun: true }],
    [400, "bad-request", { resources: [aRoute("a")], by: "x".repeat(201) }],
    [400, "bad-request", { resources: [aRoute("a")], by: "two\nlines" }],
    [400, "bad-request", { resources: [aRoute("a")], by: "\u202egnp" }],
    [400, "bad-request", '{"resources":[{"__proto__":{"x":1}}]}'],
    [400, "bad-request", deep],
    [422, "refused", `{"resources":[${deep}]}`],
    [
      422,
      "refused",
      `{"resources":[{"kind":"HTTPRoute","apiVersion":"gateway.networking.k8s.io/v1","metadata":{"name":"a"},"spec":${deep}}]}`,
    ],
    [422, "refused", { resources: [null, 1, "x", [], {}, { kind: "constructor" }, { kind: "__proto__" }] }],
    [413, "too-large", `{"resources":["${"x".repeat(5 * MIB)}"]}`],
    [415, "bad-request", "resources: []", { "content-type": "application/yaml" }],
  ];
  for (const [status, code, payload, headers = {}] of ODD) {
    const answer = await post("apply", payload, { ...bearer, ...headers });
    const what = JSON.stringify(payload).slice(0, 80);
    assert.deepEqual([answer.status, answer.body.error.code], [status, code], what);
    assert.ok(answer.body.error.message.length < 2000, what);
  }
  const told = async (payload: string | object, headers = {}) =>
    (await post("apply", payload, { ...bearer, ...headers })).body.error.message;
  assert.match(
    await told("null"),
    /^the request is wrong at body: .*null: \/openapi\.json says what is taken$/,
  );
  assert.match(await told({ resources: "x" }), /wrong at body\.resources: /);
  assert.match(await told({ resources: [aRoute("a")], dryrun: true }), /wrong at body: .*"dryrun"/);
  assert.match(
    await told('{"resources":[{"__proto__":{"x":1}}]}'),
    /a field "__proto__".*leave the field out/,
  );
  assert.match(
    await told("resources: []", { "content-type": "application/yaml" }),
    /^the body is application\/yaml, and only JSON is taken: send it as "content-type: application\/json"$/,
  );
  assert.match(
    (await post("delete", { resources: [{ kind: "HTTPRoute" }] })).body.error.message,
    /wrong at body\.resources\[0\]\.name: /,
  );
  assert.equal((await get("/v1/policy?limit=1")).status, 400);
  const method = await get("/v1/policy/apply");
  assert.deepEqual([method.status, method.headers.allow], [405, "POST"]);
  assert.equal((await post("delete", { resources: [{ kind: "Secret", name: "x" }] })).status, 400);
  assert.equal((await post("rollback", { revision: -1 })).status, 400);
  assert.equal((await get("/v1/policy/history/first")).status, 400);
  assert.equal((await get("/v1/policy")).body.revision, 0);
});

test("five thousand findings are cut to what can be read", async (t) => {
  const { post } = await setUp(t);
  const { body } = await post("apply", {
    resources: Array.from({ length: 5000 }, (_, i) => ({ kind: `K${i}` })),
  });
  assert.equal(body.findings.length, 201);
  assert.deepEqual(body.findings.at(-1).code, "too-many-findings");
});

test("while the store was never read, nothing is told as if there were no policy", async (t) => {
  const { get, post } = await setUp(t, new AwayStore());
  const ANSWERS = [
    [await get("/v1/policy"), "policy-loading"],
    [await post("analyze", { resources: [] }), "policy-loading"],
    [await post("apply", { resources: [aRoute("a")] }), "store-away"],
  ] as const;
  for (const [answer, code] of ANSWERS) {
    assert.deepEqual([answer.status, answer.body.error.code], [503, code]);
    assert.match(answer.body.error.message, /no answer.*JetStream/);
  }
  assert.deepEqual((await get("/v1/sidecars")).body, {
    lineage: "",
    revision: 0,
    authority: { kind: "none" },
    sidecars: [],
  });
});

test("sidecars are listed; a request that nobody knows of has no accounts", async (t) => {
  const { app, clock, get, bearer } = await setUp(t);
  assert.deepEqual(Object.keys((await get("/v1/sidecars")).body), [
    "lineage",
    "revision",
    "authority",
    "sidecars",
  ]);
  const id = "x".repeat(200);
  const asked = app.inject({ url: `/v1/explain/${id}`, headers: { host: "localhost", ...bearer } });
  await clock.run(5000);
  assert.deepEqual((await asked).json(), { requestId: id, accounts: [] });
  const bad = await get(`/v1/explain/${encodeURIComponent("a\nb")}`, bearer);
  assert.deepEqual([bad.status, bad.body.error.code], [400, "bad-request"]);
});

test("the description has every route of policy, and the answers are as it says", async (t) => {
  const { get, post } = await setUp(t);
  const { body: description } = await get("/openapi.json");
  const paths = Object.keys(description.paths).filter((path) => /policy|sidecars|explain/.test(path));
  assert.equal(paths.length, 9);
  const schemaOf = (path: string, method: string, status = 200) =>
    z.fromJSONSchema(description.paths[path][method].responses[status].content["application/json"].schema);
  assert.deepEqual(description.paths["/v1/policy/apply"].post.security, [{ admin: [] }]);
  const applied = await post("apply", { resources: [aRoute("a"), aPolicy("orders")] });
  schemaOf("/v1/policy/apply", "post").parse(applied.body);
  schemaOf("/v1/policy/apply", "post", 422).parse((await post("apply", { resources: [1] })).body);
  schemaOf("/v1/policy", "get").parse((await get("/v1/policy")).body);
  schemaOf("/v1/policy/history", "get").parse((await get("/v1/policy/history")).body);
  schemaOf("/v1/policy/history/{revision}", "get").parse((await get("/v1/policy/history/1")).body);
  schemaOf("/v1/sidecars", "get").parse((await get("/v1/sidecars")).body);
});
