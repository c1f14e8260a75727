import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { analyse } from "../../src/control/analyse/analyse.ts";
import type { World } from "../../src/control/analyse/world.ts";
import { readResource } from "../../src/resources/read.ts";
import { at, full, matching, redirect, regex, tell } from "./analyse-scene.ts";
import { aPolicy, aRoute, shop, worldWith } from "./editor-scene.ts";

/** What was computed, not how long it took: other programs may be running. */
function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

describe("analysing without a mesh", () => {
  test("nothing is said of services that nobody knows", async () => {
    assert.deepEqual(await tell([aRoute("a", { service: "whoever", version: "9" }), aPolicy("nobody")]), []);
  });

  test("the same conditions are seen however they are written", async () => {
    const fields = [
      { name: "X-A", value: "1" },
      { name: "x-b", value: "2" },
    ];
    const one = aRoute("one", matching({ ...at("/a/"), headers: fields }));
    const two = aRoute(
      "two",
      matching({
        ...at("/a"),
        headers: [
          { name: "X-B", value: "2" },
          { name: "x-a", value: "1" },
        ],
      }),
    );
    assert.deepEqual(await tell([one, two]), ["conflict 1 spec.rules[0].matches[0]"]);
    const FURTHER = [
      at("/a", { method: "GET" }),
      at("/a", { headers: fields, method: "GET" }),
      at("/a", { queryParams: [{ name: "X-A", value: "1" }] }),
      at("/a", { queryParams: [{ name: "x-a", value: "1" }] }),
      { path: { type: "Exact", value: "/a" } },
      { path: { type: "Exact", value: "/a/" } },
      regex("/a"),
    ];
    assert.deepEqual(await tell([one, ...FURTHER.map((match, i) => aRoute(`n${i}`, matching(match)))]), []);
  });

  test("routes of different services and versions never conflict", async () => {
    const parents = [{}, { name: "billing" }, { version: "1" }, { version: "2" }];
    assert.deepEqual(await tell(parents.map((parent, i) => aRoute(`r${i}`, { parent }))), []);
  });

  test("a match that is there twice in one route is told once, though it has several parents", async () => {
    const route = aRoute("a", matching(at("/x"), at("/y"), at("/x/")));
    route.spec.parentRefs.push({ group: "", kind: "Service", name: "billing" });
    assert.deepEqual(await tell([route]), ["shadowed 0 spec.rules[0].matches[2]"]);
  });

  test("a parent without a port is for all of them, so it conflicts with one for a port", async () => {
    const exact = matching({ path: { type: "Exact", value: "/p" } });
    const forPort = (name: string, port?: number) =>
      aRoute(name, { ...exact, parent: port === undefined ? {} : { port } });
    const conflict = ["conflict 1 spec.rules[0].matches[0]"];
    assert.deepEqual(await tell([forPort("a"), forPort("b", 80)]), conflict);
    assert.deepEqual(await tell([forPort("a", 80), forPort("b")]), conflict);
    assert.deepEqual(await tell([forPort("a", 80), forPort("b", 80)]), conflict);
    assert.deepEqual(await tell([forPort("a", 80), forPort("b", 81)]), []);
    assert.deepEqual(await tell([forPort("a", 80), forPort("b", 81), forPort("c")]), [
      "conflict 2 spec.rules[0].matches[0]",
    ]);
  });

  test("a resource that is there twice is a duplicate and nothing else", async () => {
    const twice = [aRoute("a"), aRoute("b", { path: "/b" }), aRoute("a")];
    assert.deepEqual(await tell(twice), ["duplicate 2 metadata.name"]);
  });

  test("of two places that are wrong together both are told, the other when it is being read, too", async () => {
    const judged = (value: unknown, document?: number) => ({
      resource: readResource(value, 0).resource!,
      ...(document === undefined ? {} : { document }),
    });
    const others = async (...set: Parameters<typeof analyse>[0]) =>
      (await analyse(set)).map(({ code, document, other }) => [code, document, other]);
    const first = { document: 0, path: "metadata.name" };
    assert.deepEqual(await others(judged(aRoute("a"), 0), judged(aRoute("a"), 1)), [["duplicate", 1, first]]);
    const match = { document: 0, path: "spec.rules[0].matches[0]" };
    assert.deepEqual(await others(judged(aRoute("a"), 0), judged(aRoute("b"), 1)), [["conflict", 1, match]]);
    assert.deepEqual(await others(judged(aRoute("a")), judged(aRoute("b"), 1)), [["conflict", 1, undefined]]);
    const namespace = { document: 0, path: "metadata.namespace" };
    assert.deepEqual(await others(judged(aPolicy("a"), 0), judged(aPolicy("a", "1s", "b"), 1)), [
      ["conflict", 1, namespace],
    ]);
  });

  test("rules whose backends all have the weight 0 are told", async () => {
    const rule = {
      backendRefs: [
        { name: "orders", weight: 0 },
        { name: "billing", weight: 0 },
      ],
    };
    assert.deepEqual(await tell([aRoute("a", { rule })]), ["no-weight 0 spec.rules[0].backendRefs"]);
  });
});

describe("analysing against a mesh", () => {
  test("services and versions that were never seen are told at their place, wherever they stand", async () => {
    const rule = {
      filters: [{ type: "RequestMirror", requestMirror: { backendRef: { name: "nowhere" } } }],
      backendRefs: [
        { name: "orders", version: "3" },
        { name: "orders", version: "2" },
      ],
    };
    const world = worldWith({ orders: ["2"] });
    assert.deepEqual(await tell([aRoute("a", { rule }), aPolicy("ordes")], world), [
      "unknown-service 0 spec.rules[0].filters[0].requestMirror.backendRef.name",
      "unknown-version 0 spec.rules[0].backendRefs[0].version",
      "unknown-service 1 metadata.name",
    ]);
  });

  test("a redirect to a name of the mesh is a reference, too", async () => {
    const world = worldWith({ orders: ["2"] });
    const to = async (hostname: string) =>
      tell([aRoute("a", { rule: redirect({ hostname }, [at("/a")]) })], world);
    const place = "0 spec.rules[0].filters[0].requestRedirect.hostname";
    assert.deepEqual(await to("nosuch.mesh"), [`unknown-service ${place}`]);
    assert.deepEqual(await to("v9.orders.mesh"), [`unknown-version ${place}`]);
    for (const known of ["v2.orders.mesh", "example.org"]) assert.deepEqual(await to(known), []);
  });

  test("a backend without an instance is told, unless it gets nothing", async () => {
    const world: World = { ...worldWith({ orders: ["1", "2"] }), isUp: (_, version) => version === "1" };
    const rule = (weight: number) => ({
      backendRefs: [
        { name: "orders", version: "1" },
        { name: "orders", version: "2", weight },
      ],
    });
    assert.deepEqual(await tell([aRoute("a", { rule: rule(1) })], world), [
      "no-instance 0 spec.rules[0].backendRefs[1]",
    ]);
    assert.deepEqual(await tell([aRoute("a", { rule: rule(0) })], world), []);
  });
});

describe("names of routes whose traces are sampled apart", () => {
  const named = (...routes: string[]) => ({
    ...aPolicy("orders"),
    spec: { tracing: { sampling: 1, routes: routes.map((route) => ({ route, sampling: 50 })) } },
  });

  test("those that no route and no rule has are told; offline the others may be in the mesh", async () => {
    const route = aRoute("a", {
      rule: { name: "canary", matches: [at("/x")], backendRefs: [{ name: "orders" }] },
    });
    const other = { ...aRoute("b", { path: "/b" }) };
    const policy = named("a", "a/canary", "a/1", "b/1", "c");
    assert.deepEqual(await tell([route, other, policy], shop), [
      "no-effect 2 spec.tracing.routes[2].route",
      "no-effect 2 spec.tracing.routes[4].route",
    ]);
    assert.deepEqual(await tell([route, policy]), []);
  });
});

describe("analysing what was made to take long", () => {
  const CASES: readonly (readonly [string, readonly object[], string])[] = [
    [
      "many matches with many parents",
      Array.from({ length: 100 }, (_, r) => {
        const matches = Array.from({ length: 64 }, (_, i) => at(`/${i}`));
        const route = aRoute(`r${r}`, { rule: { matches } });
        const parents = Array.from({ length: 32 }, (_, i) => ({
          group: "",
          kind: "Service",
          name: `s${r}-${i}`,
        }));
        return { ...route, spec: { ...route.spec, parentRefs: parents } };
      }),
      "too-large",
    ],
    [
      "redirects to ever other ports",
      Array.from({ length: 2500 }, (_, i) =>
        aRoute(`r${i}`, { rule: redirect({ port: i + 1000 }, [at(`/${i}`)]) }),
      ),
      "too-large",
    ],
    [
      "a chain of redirects",
      Array.from({ length: 1000 }, (_, i) =>
        aRoute(`r${i}`, { rule: redirect(full(`/${i + 1}`), [at(`/${i}`)]) }),
      ),
      "",
    ],
  ];
  for (const [what, routes, code] of CASES)
    test(`${what}: it ends soon`, async () => {
      const before = process.cpuUsage();
      const told = await tell(routes);
      assert.equal(
        told.some((one) => one.startsWith("too-large")),
        code !== "",
      );
      assert.ok(cpuMsSince(before) < 10_000);
    });

  test("thousands of names that nobody knows, among thousands that are known", async () => {
    const names = Array.from({ length: 10_000 }, (_, i) => [`service-${i}`, ["1"]] as const);
    const world = worldWith(Object.fromEntries(names));
    const backendRefs = (r: number) => Array.from({ length: 16 }, (_, i) => ({ name: `servize-${r}-${i}` }));
    const routes = Array.from({ length: 500 }, (_, r) =>
      aRoute(`r${r}`, { path: `/${r}`, rule: { matches: [at(`/${r}`)], backendRefs: backendRefs(r) } }),
    );
    const before = process.cpuUsage();
    assert.equal((await tell(routes, world)).length, 500 * 17);
    assert.ok(cpuMsSince(before) < 5000);
  });
});
