import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { startSidecar } from "../../../sidecar/sidecar.ts";
import { ask } from "../../support/ask.ts";
import { policy, routedMesh } from "../../support/routed-mesh.ts";
import { stateFolder } from "../../support/state.ts";
import { until } from "../../support/until.ts";
import { isGood, Offered } from "./offered.ts";
import { workingApp } from "./working-app.ts";

/** After this a registry that has just started lends by demand. */
const SETTLED_MS = 6000;

test("four instances keep one rate within 5 % when one of them is asked for most, also while the registry is away and all start again", async (t) => {
  const mesh = await routedMesh(t);
  const settledAt = performance.now() + SETTLED_MS;
  const serve = async (version: string) => {
    const app = await workingApp(t);
    const policyFolder = stateFolder(t);
    const options = { version, policyFolder, app };
    const file = join(policyFolder, "rate-share.json");
    return { options, file, sidecar: await mesh.serve("orders", app, options) };
  };
  const members = [await serve("1"), await serve("1"), await serve("1"), await serve("2")];
  const global = { requests: 100, interval: "1s", burst: 20 };
  // Round robin, so that chance has no part in it: calls at random moments are tested with a clock.
  await mesh.apply(policy("orders", { rateLimit: { global }, balance: { policy: "round-robin" } }));
  const { listen } = await mesh.caller();
  const offers = [
    new Offered(t, [listen], { perSecond: 45, host: "v1.orders.mesh", prefix: "a" }),
    new Offered(t, [listen], { perSecond: 150, host: "v2.orders.mesh", prefix: "b" }),
  ];
  const passing = async (forMs: number): Promise<readonly number[]> => {
    const from = performance.now();
    await delay(forMs);
    const to = performance.now();
    const isIn = ({ endedAt }: { endedAt: number }) => endedAt >= from && endedAt < to;
    return offers.map(
      ({ ends }) => (ends.filter((end) => isIn(end) && isGood(end)).length * 1000) / (to - from),
    );
  };
  const isNear = (what: string, [v1 = 0, v2 = 0]: readonly number[], percent: number) => {
    t.diagnostic(`${what}: ${v1.toFixed(1)} + ${v2.toFixed(1)} calls a second`);
    assert.ok(Math.abs(v1 + v2 - 100) <= percent, `${what}: ${v1} + ${v2}`);
    assert.ok(v2 > 45, "what the others leave is lent to the one that needs it");
  };

  // What the burst let through, and one round of reports after the registry has heard everybody.
  await until(() => performance.now() > settledAt, { withinMs: 2 * SETTLED_MS });
  await delay(2500);
  isNear("lent", await passing(4000), 5);
  await mesh.stopRegistry();
  isNear("no registry", await passing(3000), 10);

  const kept = () =>
    members.flatMap(({ file }) => (existsSync(file) ? [JSON.parse(readFileSync(file, "utf8")).share] : []));
  await until(() => kept().length === 4 && kept()[3] > 0.45, { what: "the shares to be kept" });
  for (const { sidecar } of members) await sidecar.close(0);
  for (const { options, sidecar } of members) {
    const { bus, instance } = sidecar;
    const again = await startSidecar({ mesh: "mesh", service: "orders", bus, instance, ...options });
    t.after(() => again.close(0));
  }
  await delay(1000);
  isNear("restarted, no registry", await passing(3000), 15);

  const answer = await until(async () => {
    const answer = await ask(listen, "v2.orders.mesh", "/id");
    return answer.status === 429 ? answer : undefined;
  });
  assert.equal(answer.headers["weft-error"], "rate-limited");
  assert.equal(answer.headers["ratelimit-policy"], '"global";q=100;w=1');
  assert.match(String(answer.headers.ratelimit), /^"global";r=0;t=\d+$/);
  for (const offered of offers) await offered.stop();
});
