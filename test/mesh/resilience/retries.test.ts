import assert from "node:assert/strict";
import { type ClientRequest, request } from "node:http";
import { type TestContext, test } from "node:test";
import { ask } from "../../support/ask.ts";
import type { SidecarUnderTest } from "../../support/mesh.ts";
import { policy, type RoutedMesh, route, routedMesh } from "../../support/routed-mesh.ts";
import { natsServers } from "../../support/servers.ts";
import { until } from "../../support/until.ts";
import { type Deed, type Fleet, fleetOf, timed } from "./fleet.ts";

/** Breakers would leave out the very instances that fail here, and the budget is another test's matter. */
const UNTOUCHED = { breaker: { consecutiveFailures: 0 }, retryBudget: { minRetryRate: 1000 } };

const FAILS: Deed = { status: 503 };
const BREAKS: Deed = { instead: "reset" };
const SILENT: Deed = { instead: "silence" };
const WORKS: Deed = {};

interface Scene {
  readonly mesh: RoutedMesh;
  readonly fleet: Fleet;
  readonly shop: SidecarUnderTest;
  /** Makes a call whose attempts meet these deeds in turn, and tells what came of it and what the apps saw. */
  play(deeds: readonly Deed[], options?: Parameters<typeof ask>[3]): ReturnType<typeof played>;
}

let calls = 0;

async function played(
  { fleet, shop }: Pick<Scene, "fleet" | "shop">,
  deeds: readonly Deed[],
  options: Parameters<typeof ask>[3] = {},
) {
  const path = `/call-${++calls}`;
  fleet.script(path, ...deeds);
  const [answer, tookMs] = await timed(ask(shop.listen, "orders.mesh", path, options));
  const code = answer.headers["weft-error"];
  return { path, answer, code, status: answer.status, tookMs, seen: fleet.of(path) };
}

/** Two instances and a caller that knows both, under a policy for `orders`. */
async function scene(t: TestContext, spec: object, server = natsServers().at(-1)!): Promise<Scene> {
  const mesh = await routedMesh(t, { server });
  const parts = await fleetOf(t, mesh, [WORKS, WORKS]);
  await mesh.apply(policy("orders", { ...UNTOUCHED, ...spec }));
  return { mesh, ...parts, play: (deeds, options) => played(parts, deeds, options) };
}

/** A request that the test ends, or leaves, itself. */
function requestOf({ listen }: SidecarUnderTest, path: string, method = "GET"): ClientRequest {
  const [host = "", port = ""] = listen.split(":");
  return request({ host, port, path, method, headers: { host: "orders.mesh" }, agent: false });
}

const attemptsOf = (seen: readonly { attempt: number }[]): number[] => seen.map(({ attempt }) => attempt);

for (const server of natsServers())
  test(`nats-server ${server.label}: an answer that policy names, a broken connection and a silent app are tried again elsewhere`, async (t) => {
    const { play } = await scene(
      t,
      { retry: { codes: [503] }, timeouts: { request: "10s", backendRequest: "500ms" } },
      server,
    );
    for (const trouble of [FAILS, BREAKS, SILENT]) {
      const { status, seen } = await play([trouble, WORKS]);
      assert.equal(status, 200);
      assert.deepEqual(attemptsOf(seen), [1, 2], "the app is told which attempt it sees");
      assert.notEqual(seen[0]!.instance, seen[1]!.instance);
    }
    const stubborn = await play([FAILS, BREAKS, FAILS, WORKS]);
    assert.equal(stubborn.status, 503);
    assert.equal(stubborn.code, undefined, "the app's own answer is returned");
    assert.equal(stubborn.answer.text, stubborn.path);
    assert.deepEqual(attemptsOf(stubborn.seen), [1, 2, 3]);
    const other = await play([{ status: 500 }, WORKS]);
    assert.equal(other.status, 500, "only what policy names");
    assert.equal(other.seen.length, 1);
  });

test("an attempt whose time is over is cancelled in its app, and the other instance gets the next", async (t) => {
  const { play } = await scene(t, { retry: {}, timeouts: { request: "10s", backendRequest: "400ms" } });
  const { status, seen, tookMs } = await play([SILENT, WORKS]);
  assert.equal(status, 200);
  assert.ok(tookMs >= 399 && tookMs < 5000, `took ${tookMs} ms`);
  await until(() => seen[0]!.cancelled, { withinMs: 1000, what: "the first app to hear of the end" });
  assert.notEqual(seen[0]!.instance, seen[1]!.instance);
  assert.match(String(seen[0]!.headers["weft-timeout"]), /^([1-3]?\d?\d|400)ms$/);
  const never = await play([SILENT]);
  assert.equal(never.code, "attempt-timeout");
  assert.equal(never.seen.length, 3);
});

test("a call whose whole time is used up is not tried again", async (t) => {
  const { play } = await scene(t, { retry: { attempts: 5 }, timeouts: { request: "300ms" } });
  const { code, seen, tookMs } = await play([SILENT, WORKS]);
  assert.equal(code, "deadline");
  assert.equal(seen.length, 1);
  assert.ok(tookMs < 5000);
});

test("what an app may have seen is tried again only when that is safe: a POST reaches apps once", async (t) => {
  const { play } = await scene(t, {
    retry: { codes: [500, 503], attempts: 4 },
    timeouts: { request: "10s", backendRequest: "500ms" },
  });
  for (const method of ["GET", "PUT", "DELETE", "OPTIONS"]) {
    const { status, seen } = await play([FAILS, WORKS], { method });
    assert.deepEqual([status, attemptsOf(seen)], [200, [1, 2]], method);
  }
  const unsafe = ["POST", "PATCH"].flatMap((method) =>
    [FAILS, BREAKS, SILENT].map((deed) => ({ method, deed })),
  );
  for (const { method, deed } of unsafe) {
    const { status, seen } = await play([deed, WORKS], { method, body: "once" });
    assert.ok(status >= 500, `${method} ${status}`);
    assert.deepEqual(attemptsOf(seen), [1], `${method} ${JSON.stringify(deed)}`);
  }
  for (const deed of [FAILS, BREAKS, SILENT]) {
    const headers = { "idempotency-key": '"8e03978e-40d5"' };
    const { status, seen } = await play([deed, WORKS], { method: "POST", body: "twice is fine", headers });
    assert.equal(status, 200);
    assert.deepEqual(
      seen.map(({ body, headers }) => [body?.toString(), headers["idempotency-key"]]),
      Array(2).fill(["twice is fine", '"8e03978e-40d5"']),
    );
  }
});

test("without a policy only what no app has seen is tried again, and that for every method", async (t) => {
  const mesh = await routedMesh(t);
  const { fleet, shop } = await fleetOf(t, mesh, [WORKS, WORKS]);
  for (const deed of [FAILS, BREAKS]) {
    const { status, seen } = await played({ fleet, shop }, [deed, WORKS]);
    assert.ok(status >= 500);
    assert.equal(seen.length, 1);
  }
  const another = await mesh.caller();
  await fleet.isKnownTo(another);
  // Its sidecar is on the mesh, and its app does not listen any more: health has not noticed yet.
  fleet.members[1]!.server.close();
  const posts = await Promise.all(
    Array.from({ length: 20 }, () =>
      played({ fleet, shop: another }, [WORKS], { method: "POST", body: "x" }),
    ),
  );
  for (const { status, seen } of posts) assert.deepEqual([status, seen.length], [200, 1]);
  assert.ok(
    posts.some(({ seen }) => seen[0]!.attempt === 2),
    "some of them met the dead one first",
  );
});

test("`attempts: 0` switches all of it off", async (t) => {
  const { mesh, fleet, play } = await scene(t, { retry: { attempts: 0, codes: [503] } });
  const retrying = route("orders", [{ backendRefs: [{ name: "orders" }], retry: { codes: [503] } }]);
  for (const resources of [[], [retrying]]) {
    await mesh.apply(...resources, policy("orders", { ...UNTOUCHED, retry: { attempts: 0, codes: [503] } }));
    const { status, seen } = await play([FAILS, WORKS]);
    assert.deepEqual([status, seen.length], [503, 1]);
  }
  // Also of what no app has seen.
  for (const { sidecar } of fleet.members) await sidecar.leave(100);
  const unseen = await play([WORKS], { headers: { "x-request-id": "off-0001" } });
  // Whether the broker or the one that leaves was first to say so.
  assert.match(String(unseen.code), /^(?:no-instance|draining)$/);
  const { accounts } = await mesh.get("explain/off-0001");
  assert.equal(accounts.find(({ side }: { side: string }) => side === "client").attempts.length, 1);
});

test("Retry-After is honoured, unless it asks for more than policy or the call has, or its caller leaves", async (t) => {
  const { play, fleet, shop } = await scene(t, {
    retry: { codes: [429, 503], maxRetryAfter: "5s" },
    timeouts: { request: "4s" },
  });
  const busy = (seconds: string, status = 503): Deed => ({ status, headers: { "retry-after": seconds } });
  fleet.script("/left", busy("1"), WORKS);
  const left = requestOf(shop, "/left").on("error", () => {});
  left.end();
  const patient = play([busy("1", 429), WORKS]);
  const date = play([busy(new Date(Date.now() + 1500).toUTCString()), WORKS]);
  for (const tooLong of ["6", "4", "300"]) {
    const { status, seen, tookMs, answer } = await play([busy(tooLong), WORKS]);
    assert.deepEqual([status, seen.length], [503, 1]);
    assert.equal(answer.headers["retry-after"], tooLong, "the app's answer, as it is");
    assert.ok(tookMs < 3500, `took ${tookMs} ms`);
  }
  await until(() => fleet.of("/left").length === 1);
  left.destroy();
  const { status, path } = await patient;
  assert.equal(status, 200);
  const [first, second] = fleet.of(path);
  const waitedMs = second!.at - first!.at;
  assert.ok(waitedMs >= 999 && waitedMs < 2500, `waited ${waitedMs} ms`);
  assert.equal((await date).status, 200);
  assert.equal((await date).seen.length, 2);
  // More than a second and its jitter after the one that left was asked to come back.
  await until(() => performance.now() - fleet.of("/left")[0]!.at > 1200);
  assert.equal(fleet.of("/left").length, 1);
});

test("a body is sent again up to 64 KiB, byte for byte; also one that is still coming; a longer one is not", async (t) => {
  const { play, shop, fleet } = await scene(t, { retry: { codes: [503] } });
  const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, i) => (i * 31) % 251));
  for (const [length, attempts] of [
    [1, 2],
    [16 * 1024, 2],
    [64 * 1024, 2],
    [64 * 1024 + 1, 1],
    [300 * 1024, 1],
  ] as const) {
    const body = bytes(length);
    const { status, seen } = await play([FAILS, WORKS], { method: "PUT", body });
    assert.equal(status, attempts === 2 ? 200 : 503, `${length} bytes`);
    assert.equal(seen.length, attempts, `${length} bytes`);
    for (const one of seen) assert.ok(one.body?.equals(body), `${length} bytes, attempt ${one.attempt}`);
  }
  fleet.script("/upload", FAILS, WORKS);
  const status = new Promise((resolve, reject) => {
    const sent = requestOf(shop, "/upload", "PUT").on("error", reject);
    sent.on("response", (response) => response.resume().on("end", () => resolve(response.statusCode)));
    sent.write("the first part, ");
    until(() => fleet.of("/upload").length === 1).then(() => sent.end("and the rest"), reject);
  });
  assert.equal(await status, 200);
  assert.deepEqual(
    fleet.of("/upload").map(({ body }) => body?.toString()),
    ["the first part, and the rest", "the first part, and the rest"],
  );
});

/** The cases of the Gateway API's conformance tests HTTPRouteRetry, HTTPRouteRetryConnectionError and …WithTimeouts; all times × 2.5. */
test("rules of routes say when to try again, as the standard's conformance tests have it", {
  concurrency: true,
}, async (t) => {
  const { mesh, fleet, shop } = await scene(t, { retry: { codes: [404], attempts: 1 } });
  const rule = (value: string, retry: object, timeouts?: object): object => ({
    matches: [{ path: { type: "PathPrefix", value } }],
    ...{ retry, backendRefs: [{ name: "orders" }], ...(timeouts && { timeouts }) },
  });
  await mesh.apply(
    route("orders", [
      rule("/retry/code-500-attempts-3", { codes: [500], attempts: 3 }),
      rule("/retry/code-all-attempts-2", { codes: [500, 502, 503, 504], attempts: 2 }),
      rule("/retry/no-status-code-attempts-3", { attempts: 3 }),
      rule("/retry/backend-request-timeout", { attempts: 2 }, { backendRequest: "500ms" }),
      rule(
        "/retry/request-timeout",
        { codes: [500], attempts: 5 },
        { request: "1s", backendRequest: "500ms" },
      ),
    ]),
  );
  const cases: [path: string, deed: Deed, succeedAfter: number, statuses: readonly number[]][] = [
    ["code-500-attempts-3", { status: 500 }, 2, [200]],
    ["code-500-attempts-3", { status: 500 }, 4, [500]],
    ["code-500-attempts-3", { status: 503 }, 2, [503]],
    ...[500, 502, 503, 504].flatMap((status): typeof cases => [
      ["code-all-attempts-2", { status }, 1, [200]],
      ["code-all-attempts-2", { status }, 3, [status]],
    ]),
    ["no-status-code-attempts-3", BREAKS, 2, [200]],
    // The suite takes 500 and 503; a connection that the app broke is 502 here (RFC 9110 §15.6.3).
    ["no-status-code-attempts-3", BREAKS, 4, [502]],
    ["backend-request-timeout", { status: 500, afterMs: 750 }, 2, [200]],
    ["backend-request-timeout", { status: 500, afterMs: 750 }, 3, [504]],
    ["request-timeout", { status: 500 }, 1, [200]],
    ["request-timeout", { status: 500, afterMs: 250 }, 4, [504]],
  ];
  await Promise.all(
    cases.map(([name, deed, succeedAfter, statuses], i) =>
      t.test(`${name}: ${JSON.stringify(deed)}, and well after ${succeedAfter}`, async () => {
        const path = `/retry/${name}?case=${i}`;
        fleet.script(path, ...Array<Deed>(succeedAfter).fill(deed), WORKS);
        const { status, text } = await ask(shop.listen, "orders.mesh", path);
        assert.ok(statuses.includes(status), `${status}: ${text}`);
        if (status === 200) assert.equal(fleet.of(path).at(-1)!.attempt, succeedAfter + 1);
      }),
    ),
  );
});
