import assert from "node:assert/strict";
import { test } from "node:test";
import { ask } from "../../support/ask.ts";
import { route, routedMesh } from "../../support/routed-mesh.ts";
import { newestServer } from "../../support/servers.ts";
import { until } from "../../support/until.ts";
import { lines, wireTo } from "../../support/wire.ts";
import { checkCases, endOf, onPath, refusals, rule, to, withVersions } from "./cases.ts";

test("requests that no rule sends anywhere, and rules that come and go", async (t) => {
  const mesh = await routedMesh(t, { server: newestServer() });
  const { services, shop } = await withVersions(mesh, "1", "2");

  await t.test(
    "what no rule takes is answered 404, and the answer names the service and the request",
    async () => {
      await mesh.apply(route("echo", [rule("1", onPath("/orders"))]));
      const { status, headers, text } = await ask(shop.listen, "echo.mesh", "/other?secret=1", {
        method: "DELETE",
      });
      assert.equal(status, 404);
      assert.equal(headers["weft-error"], "no-route");
      assert.match(text, /routes of echo takes DELETE \/other\b/);
      assert.doesNotMatch(text, /secret/);
      assert.deepEqual(services[0]!.seen, []);
    },
  );

  await t.test("a request with a body is answered as well, and its connection serves the next", async (t) => {
    const wire = await wireTo(t, shop.listen);
    const body = "x".repeat(50_000);
    wire.send(lines("POST /other HTTP/1.1", "Host: echo.mesh", `Content-Length: ${body.length}`));
    wire.send(body);
    const head = await wire.head();
    assert.match(head, /^HTTP\/1\.1 404 /);
    await wire.take(Number(/^content-length: (\d+)/im.exec(head)?.[1]));
    wire.send(lines("HEAD /orders HTTP/1.1", "Host: echo.mesh"));
    assert.match(await wire.head(), /^HTTP\/1\.1 200 /);
  });

  await t.test("a rule without backends is answered 500, and its neighbours go on", async (t) => {
    await mesh.apply(
      route("echo", [
        { matches: [onPath("/left-out", "Exact")] },
        { matches: [onPath("/empty", "Exact")], backendRefs: [] },
        rule("1", onPath("/")),
      ]),
    );
    await checkCases(t, shop, [
      ["GET /left-out", "500 no-backend"],
      ["GET /empty", "500 no-backend"],
      ["GET /forward", "v1"],
    ]);
  });

  await t.test("a route without rules takes every request and has nowhere to send it", async () => {
    const { rules: _, ...spec } = (route("echo", []) as { spec: { rules: unknown } }).spec;
    await mesh.apply({ ...route("echo", []), spec });
    assert.equal(await endOf(shop, "echo.mesh"), "500 no-backend");
  });

  await t.test("a backend of another kind is refused, and one that nobody knows", async () => {
    const backendRefs = [{ group: "example.com", kind: "Other", name: "echo" }];
    assert.deepEqual(await refusals(mesh, { backendRefs }), [
      "unsupported spec.rules[0].backendRefs[0].kind",
    ]);
    const unknown = await refusals(mesh, { backendRefs: [{ name: "nobody" }] });
    assert.deepEqual(unknown, ["unknown-service spec.rules[0].backendRefs[0].name"]);
  });

  await t.test("a rule may have a name, by which the account of a call tells it", async (t) => {
    await mesh.apply(
      route("echo", [{ name: "named", ...rule("1", onPath("/named")) }, rule("2", onPath("/unnamed"))]),
    );
    await checkCases(t, shop, [
      ["GET /named", "v1"],
      ["GET /unnamed", "v2"],
    ]);
    for (const [path, rule] of [
      ["/named", "named"],
      ["/unnamed", "2"],
    ] as const) {
      const id = `call-of-${rule}`;
      await ask(shop.listen, "echo.mesh", path, { headers: { "x-request-id": id } });
      const { accounts } = await mesh.get(`explain/${id}`);
      const told = accounts.find(({ side }: { side: string }) => side === "client");
      assert.deepEqual([told.route, told.rule], ["echo", rule]);
    }
  });

  await t.test(
    "a rule that is changed acts within a second, and deleted it is as if it had never been",
    async () => {
      const live = async (end: string, change: () => Promise<unknown>) => {
        await change();
        await until(async () => (await endOf(shop, "echo.mesh")) === end, { withinMs: 1000 });
        for (let i = 0; i < 20; i++) assert.equal(await endOf(shop, "echo.mesh"), end);
      };
      const apply = (rule: object) => () => mesh.post("apply", { resources: [route("echo", [rule])] });
      await live("v1", apply({ backendRefs: to("1") }));
      await live("v2", apply({ backendRefs: to("2") }));
      await live("500 no-backend", apply({}));
      await live("v1", apply({ backendRefs: to("1") }));
      await mesh.post("delete", { resources: [{ kind: "HTTPRoute", name: "echo" }] });
      await mesh.allInStep();
      const ends = await Promise.all(Array.from({ length: 40 }, () => endOf(shop, "echo.mesh")));
      assert.deepEqual([...new Set(ends)].sort(), ["v1", "v2"]);
    },
  );
});
