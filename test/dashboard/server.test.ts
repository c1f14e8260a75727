import assert from "node:assert/strict";
import { request } from "node:http";
import { type TestContext, test } from "node:test";
import { Sessions } from "../../src/dashboard/serve/sessions.ts";
import { createDashboard, serveDashboard } from "../../src/dashboard/server.ts";
import { silentLog } from "../registry/beats.ts";
import { until } from "../support/until.ts";
import { dashboard, TOKEN } from "./dashboard.ts";
import { fakeRegistry } from "./fake-registry.ts";
import { letIn } from "./ledger.ts";
import { FAILED } from "./trace-scene.ts";

const HOST = { host: "127.0.0.1:4282" };

async function scene(t: TestContext) {
  const fake = await fakeRegistry(t);
  const made = await dashboard(t, fake.url);
  const get = (url: string, headers = {}) => made.app.inject({ url, headers: { ...HOST, ...headers } });
  const signIn = async (token = TOKEN) => {
    const answer = await made.app.inject({
      ...{ method: "POST", url: "/api/session", headers: HOST, payload: { token } },
    });
    const [pair = "", ...attributes] = String(answer.headers["set-cookie"] ?? "").split("; ");
    return { status: answer.statusCode, pair, attributes };
  };
  return { ...made, fake, get, signIn };
}

test("every answer forbids scripts of others, frames, and guesses of its type", async (t) => {
  const { get } = await scene(t);
  for (const url of [
    "/",
    "/services/orders",
    `/traces/${FAILED}`,
    "/app.js",
    "/api/session",
    "/nothing",
    "/api/v1/nothing",
  ]) {
    const { headers } = await get(url);
    const policy = String(headers["content-security-policy"]);
    assert.match(
      policy,
      /default-src 'none'; script-src 'self'; style-src 'self';.*frame-ancestors 'none'/,
      url,
    );
    assert.doesNotMatch(policy, /unsafe/);
    assert.deepEqual([headers["x-content-type-options"], headers["x-frame-options"]], ["nosniff", "DENY"]);
  }
});

test("the same holds for what the registry answers, of which nothing can become a page", async (t) => {
  const { url, fake } = await scene(t);
  const answer = await fetch(`${url}/api/v1/graph`);
  assert.match(answer.headers.get("content-security-policy") ?? "", /default-src 'none'/);
  assert.equal(answer.headers.get("content-type"), "application/json");
  await fake.close();
  const away = await fetch(`${url}/api/v1/graph`);
  assert.equal(away.status, 502);
  assert.match(
    ((await away.json()) as { error: { message: string } }).error.message,
    /does not answer: is its weft up/,
  );
});

test("a page has no script or style of its own in it", async (t) => {
  const { get } = await scene(t);
  const { body } = await get("/");
  assert.doesNotMatch(body, /<style|style=|<script(?![^>]*src=)|\son\w+=|https?:\/\//);
});

test("another name for this machine, and a page of another origin, get nothing", async (t) => {
  const { get, app } = await scene(t);
  assert.equal((await app.inject({ url: "/", headers: { host: "evil.example" } })).statusCode, 403);
  assert.equal((await get("/api/session", { origin: "http://evil.example" })).statusCode, 403);
  assert.equal(
    (await get("/api/session", { origin: "http://127.0.0.1:9999" })).statusCode,
    403,
    "another port",
  );
  assert.equal((await get("/api/session", { origin: "http://127.0.0.1:4282" })).statusCode, 200);
});

test("only what the pages read is handed on to the registry", async (t) => {
  const { get, fake } = await scene(t);
  assert.equal((await get("/api/v1/graph?window=1m")).statusCode, 200);
  assert.equal((await get("/api/v1/traces?kind=slow&leastMs=5")).statusCode, 200);
  const refused = [
    ...[`/v1/traces/${FAILED}x`, `/v1/traces/${FAILED.toUpperCase()}`, "/v1/traces/"],
    ...[
      "/v1/explain/",
      "/v1/explain/..",
      "/v1/explain/%2e%2e",
      "/v1/explain/.%2E",
      "/v1/explain/%2Ea",
      "/v1/explain/a%5cb",
      "/v1/explain/a/b",
      "/v1/explain/a%2fb",
    ],
    ...["/openapi.json", "/v1/metrics", "/v1/policy/apply", "/v1/services/%2e%2e"],
    ...["/v1/signals/Evil", "/v1/graph/", "//v1/graph", "/v1/policy/history/x"],
  ];
  const before = fake.asked.length;
  for (const path of refused) assert.equal((await get(`/api${path}`)).statusCode, 404, path);
  assert.equal(fake.asked.length, before);
});

test("what needs an admin needs a session, and the token goes to the registry alone", async (t) => {
  const { app, fake, get, signIn } = await scene(t);
  const rollback = (headers: object) =>
    app.inject({
      ...{ method: "POST", url: "/api/v1/policy/rollback", payload: { revision: 1 } },
      headers: { ...HOST, ...headers },
    });
  assert.equal((await rollback({})).statusCode, 401);
  assert.equal((await get("/api/identities")).statusCode, 401);
  assert.equal((await get("/api/v1/explain/id-1")).statusCode, 401);
  assert.equal((await get("/api/v1/graph", { authorization: `Bearer ${TOKEN}` })).statusCode, 200);
  assert.ok(fake.asked.every(({ authorization }) => authorization === undefined));

  const { pair } = await signIn();
  await rollback({ cookie: pair });
  await get("/api/v1/explain/id-1", { cookie: pair });
  await get("/api/v1/explain/Root%3D1-67891233:a", { cookie: pair });
  const asAdmin = fake.asked.filter(({ authorization }) => authorization === `Bearer ${TOKEN}`);
  assert.deepEqual(
    asAdmin.map(({ method, url }) => `${method} ${url}`),
    ["POST /v1/policy/rollback", "GET /v1/explain/id-1", "GET /v1/explain/Root%3D1-67891233:a"],
  );
  const writes = await app.inject({
    method: "POST",
    url: "/api/v1/policy/apply",
    headers: { ...HOST, cookie: pair },
    payload: {},
  });
  assert.equal(writes.statusCode, 404, "signed in, too, it applies nothing");
});

test("a trace has paths and messages for who is signed in, and for nobody else", async (t) => {
  const { fake, get, signIn } = await scene(t);
  const pathOf = async (headers = {}) =>
    (await get(`/api/v1/traces/${FAILED}`, headers)).json().spans[0].path;
  assert.equal(await pathOf({ authorization: `Bearer ${TOKEN}` }), undefined);
  assert.ok(fake.asked.every(({ authorization }) => authorization === undefined));
  const { pair } = await signIn();
  assert.equal(await pathOf({ cookie: pair }), "/cart/31/checkout");
  await get("/api/v1/traces", { cookie: pair });
  assert.equal(fake.asked.at(-1)!.authorization, undefined, "the list needs no token");
});

test("signing in takes the admin token, and gives a cookie that no script and no other site has", async (t) => {
  const { app, get, signIn } = await scene(t);
  assert.equal((await signIn("guess")).status, 401);
  assert.equal((await signIn("guess")).pair, "");
  const { status, pair, attributes } = await signIn(`${TOKEN}\n`);
  assert.equal(status, 200);
  assert.deepEqual(attributes, ["HttpOnly", "SameSite=Strict", "Path=/"]);
  assert.deepEqual((await get("/api/session", { cookie: pair })).json(), { signedIn: true });
  assert.deepEqual((await get("/api/session", { cookie: `${pair}x` })).json(), { signedIn: false });
  await app.inject({ method: "DELETE", url: "/api/session", headers: { ...HOST, cookie: pair } });
  assert.deepEqual((await get("/api/session", { cookie: pair })).json(), { signedIn: false });
});

test("a dashboard that has no admin token says so", async (t) => {
  const app = createDashboard({
    ...{
      host: "127.0.0.1",
      port: 0,
      registryUrl: "http://127.0.0.1:1",
      stateDir: "/nowhere",
      log: silentLog,
    },
    ...{ adminToken: () => undefined, pages: "dist/dashboard" },
  });
  t.after(() => app.close());
  const answer = await app.inject({
    method: "POST",
    url: "/api/session",
    headers: HOST,
    payload: { token: "" },
  });
  assert.equal(answer.statusCode, 503);
  assert.match(answer.json().error.message, /start it on the machine of the registry/);
});

test("a session ends by itself, and the oldest of too many does", () => {
  let now = 0;
  const sessions = new Sessions(() => now);
  const first = sessions.open();
  assert.ok(sessions.has(first));
  for (let i = 0; i < 64; i++) sessions.open();
  assert.ok(!sessions.has(first));
  const last = sessions.open();
  now += 12 * 3_600_000;
  assert.ok(!sessions.has(last));
});

test("who was let in is told to who is signed in; what ends soon to everybody, without where it came from", async (t) => {
  const { get, signIn, stateDir } = await scene(t);
  const { pair } = await signIn();
  const none = await get("/api/identities", { cookie: pair });
  assert.equal(none.statusCode, 404);
  assert.match(none.json().error.message, /on the machine of the authority/);
  letIn(stateDir, "orders", "o1");
  letIn(stateDir, "catalog", "c1", { minutesLeft: 3 });
  const { identities } = (await get("/api/identities", { cookie: pair })).json();
  assert.deepEqual(
    identities.map(({ service }: { service: string }) => service),
    ["catalog", "orders"],
  );
  assert.ok(!("nkey" in identities[0]));
  const expiring = (await get("/api/expiring")).json().identities;
  assert.equal(expiring.length, 1);
  assert.deepEqual(Object.keys(expiring[0]).sort(), [
    "certExpiresAt",
    "instance",
    "issuedAt",
    "jwtExpiresAt",
    "service",
  ]);
});

test("events come as they are told, and a reader that leaves lets go of the registry", async (t) => {
  const { url, fake } = await scene(t);
  const stream = request(`${url}/api/v1/signals/stream`);
  const text = await new Promise<string>((resolve) => {
    let all = "";
    stream.on("response", (response) =>
      response.on("data", (chunk) => {
        all += chunk;
        if (all.split("event: graph").length > 2) resolve(all);
        else fake.tell();
      }),
    );
    stream.on("error", () => {});
    stream.end();
  });
  assert.match(text, /^retry: 1000/);
  assert.equal(fake.readers, 1);
  stream.destroy();
  await until(() => fake.readers === 0);
});

test("it listens on this machine alone, and says which port is taken", async () => {
  const options = {
    ...{ host: "0.0.0.0", port: 0, registryUrl: "http://127.0.0.1:1", stateDir: "/nowhere", log: silentLog },
    ...{ adminToken: () => TOKEN, pages: "dist/dashboard" },
  };
  await assert.rejects(serveDashboard(options), /does not listen on 0\.0\.0\.0/);
  const one = await serveDashboard({ ...options, host: "127.0.0.1" });
  const port = Number(new URL(one.url).port);
  await assert.rejects(
    serveDashboard({ ...options, host: "127.0.0.1", port }),
    /port \d+ of 127\.0\.0\.1 is taken/,
  );
  await one.close();
});
