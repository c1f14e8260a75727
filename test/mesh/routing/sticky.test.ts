import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { SidecarUnderTest } from "../../support/mesh.ts";
import { policy, route, routedMesh } from "../../support/routed-mesh.ts";
import { newestServer } from "../../support/servers.ts";
import { until } from "../../support/until.ts";
import { endOf, to } from "./cases.ts";
import { assertShares, plainVersion, type Tally, tally } from "./tally.ts";

const USERS = 1500;

const canary = (percent: number) =>
  route("echo", [{ backendRefs: [...to("1", { weight: 100 - percent }), ...to("2", { weight: percent })] }]);

/** Where each user's calls end, in several rounds; fails when a user is sent to and fro. */
async function endsOfUsers(
  t: TestContext,
  from: SidecarUnderTest,
  fieldOf: (user: string) => string,
  rounds = 1,
): Promise<string[]> {
  const ends: string[] = [];
  await tally(t, from, USERS * rounds, {
    fields: (i) => `${fieldOf(`user-${i % USERS}`)}\r\n`,
    ended: (i, end) => {
      const user = i % USERS;
      ends[user] ??= end;
      assert.equal(end, ends[user], `user-${user} was sent to and fro`);
    },
  });
  return ends;
}

function counted(ends: readonly string[]): Tally {
  const counts: Record<string, number> = {};
  for (const end of ends) counts[end] = (counts[end] ?? 0) + 1;
  return counts;
}

const byHeader = (user: string) => `X-User: ${user}`;
const byCookie = (user: string) => `Cookie: other=1; session=${user}; user=x`;

test("a canary is sticky when a policy says by what", async (t) => {
  const mesh = await routedMesh(t, { server: newestServer() });
  await plainVersion(t, mesh, "1");
  const startSecond = () => plainVersion(t, mesh, "2");
  const second = await startSecond();
  const shop = await mesh.caller();
  const another = await mesh.caller();

  let before: string[] = [];
  await t.test(
    "by header: a user meets the same version each time, and users are shared by weight",
    async (t) => {
      await mesh.apply(canary(10), policy("echo", { sticky: { header: "x-user" } }));
      before = await endsOfUsers(t, shop, byHeader, 2);
      assertShares(counted(before), { v1: 90, v2: 10 });
    },
  );

  await t.test("every sidecar sends a user to the same version", async (t) => {
    assert.deepEqual(await endsOfUsers(t, another, byHeader), before);
  });

  await t.test("from 10 % to 20 % users move to the canary only, and no more than needed", async (t) => {
    await mesh.apply(canary(20));
    const after = await endsOfUsers(t, shop, byHeader);
    assertShares(counted(after), { v1: 80, v2: 20 });
    const back = before.filter((end, user) => end === "v2" && after[user] === "v1");
    assert.deepEqual(back, [], "who was on the canary stays there");
    await mesh.apply(canary(10));
    assert.deepEqual(
      await endsOfUsers(t, shop, byHeader),
      before,
      "and all come back when the change is undone",
    );
  });

  await t.test("a weight of 0 keeps nobody on the canary", async (t) => {
    await mesh.apply(canary(0));
    assert.deepEqual(counted(await endsOfUsers(t, shop, byHeader)), { v1: USERS });
    await mesh.apply(canary(10));
  });

  await t.test("calls without the header are drawn one by one", async (t) => {
    assertShares(await tally(t, shop, 2000), { v1: 90, v2: 10 });
  });

  await t.test("by cookie", async (t) => {
    await mesh.apply(policy("echo", { sticky: { cookie: "session" } }));
    const ends = await endsOfUsers(t, shop, byCookie, 2);
    assertShares(counted(ends), { v1: 90, v2: 10 });
    const caseMatters = await tally(t, shop, 300, { fields: () => "Cookie: Session=user-1\r\n" });
    assert.deepEqual(Object.keys(caseMatters).sort(), ["v1", "v2"]);
  });

  await t.test("a user whose version has no instance is told so, and not sent elsewhere", async (t) => {
    const user = (await endsOfUsers(t, shop, byCookie)).indexOf("v2");
    await second.leave(100);
    await until(async () => (await endOf(shop, "v2.echo.mesh")) === "503 no-instance");
    const fields = () => `${byCookie(`user-${user}`)}\r\n`;
    assert.deepEqual(await tally(t, shop, 10, { fields }), { "503 no-instance": 10 });
    await startSecond();
    assert.deepEqual(await tally(t, shop, 10, { fields }), { v2: 10 });
  });

  await t.test("by caller: all instances of a service meet the same version", async (t) => {
    await mesh.apply(canary(50), policy("echo", { sticky: { caller: true } }));
    // Nothing here is by chance: these names make for both versions.
    const met = new Set<string>();
    for (const service of ["web", "checkout", "mail", "reports"]) {
      const ends = new Set<string>();
      for (const instance of [await mesh.caller(service), await mesh.caller(service)])
        for (const end of Object.keys(await tally(t, instance, 30))) ends.add(end);
      assert.equal(ends.size, 1, `${service} meets ${[...ends]}`);
      for (const end of ends) met.add(end);
    }
    assert.deepEqual([...met].sort(), ["v1", "v2"]);
  });

  await t.test("nobody chooses his version by what he says of his caller", async () => {
    const own = new Set<string>();
    for (let i = 0; i < 20; i++)
      own.add(await endOf(shop, "echo.mesh", "GET /", { "weft-caller": `caller-${i}` }));
    assert.equal(own.size, 1);
  });
});
