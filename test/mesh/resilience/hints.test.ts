import assert from "node:assert/strict";
import { test } from "node:test";
import type { Subject } from "../../../src/subjects/subjects.ts";
import { ask } from "../../support/ask.ts";
import { type SidecarUnderTest, testApp } from "../../support/mesh.ts";
import { policy, routedMesh } from "../../support/routed-mesh.ts";
import { until } from "../../support/until.ts";

test("callers that eject an instance spare the next caller: after two of them it needs three failures instead of seven", async (t) => {
  const mesh = await routedMesh(t);
  const failures = new Map<string, number>();
  const broken = await testApp(t, (request, response) => {
    const caller = String(request.headers["weft-caller"]);
    failures.set(caller, (failures.get(caller) ?? 0) + 1);
    response.writeHead(500).end();
  });
  const good = await testApp(t, (_, response) => response.end("good"));
  const first = await mesh.serve("orders", broken);
  const second = await mesh.serve("orders", good);
  // So long that no probe comes in between.
  const breaker = { minPenalty: "30s", maxPenalty: "1m" };
  await mesh.apply(policy("orders", { balance: { policy: "round-robin" }, breaker }));

  const [web, mobile, shop] = [
    await mesh.caller("web"),
    await mesh.caller("mobile"),
    await mesh.caller("shop"),
  ];
  const callers = [web, mobile, shop];
  const passedOn: string[] = [];
  shop.bus.subscribe("reg.ev.hint.orders.*" as Subject, undefined, ({ subject }) => passedOn.push(subject));
  // A caller hears what is said of a service, and knows its instances, from its first call on.
  for (const { listen, admin } of callers) {
    await ask(listen, "orders.mesh", "/");
    await until(async () => {
      const { text } = await ask(admin!, "localhost", "/endpoints");
      return text.includes(`"${first.instance}"`) && text.includes(`"${second.instance}"`);
    });
  }
  failures.clear();
  const failedOf30 = async (caller: string, { listen }: SidecarUnderTest) => {
    for (let i = 0; i < 30; i++) await ask(listen, "orders.mesh", "/");
    return failures.get(caller) ?? 0;
  };
  // That first call may have been one of them.
  for (const count of [await failedOf30("web", web), await failedOf30("mobile", mobile)])
    assert.ok(count === 6 || count === 7, `${count} failures`);
  await until(() => passedOn.length >= 2);
  assert.deepEqual(passedOn.sort(), ["reg.ev.hint.orders.mobile", "reg.ev.hint.orders.web"]);
  const count = await failedOf30("shop", shop);
  assert.ok(count === 2 || count === 3, `${count} failures`);
});
