import assert from "node:assert/strict";
import { test } from "node:test";
import type { SidecarUnderTest } from "../../support/mesh.ts";
import { askEcho, route, routedMesh } from "../../support/routed-mesh.ts";
import { newestServer } from "../../support/servers.ts";
import { endOf, to } from "./cases.ts";

/** A rule that marks the answers of all calls that it takes. */
const marks = (mark: string, backendRefs: object[] = [{ name: "echo" }]) => ({
  filters: [
    { type: "ResponseHeaderModifier", responseHeaderModifier: { set: [{ name: "mark", value: mark }] } },
  ],
  backendRefs,
});

/** A route of these parents. */
const routeOf = (name: string, rule: object, ...parents: object[]) => ({
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "HTTPRoute",
  metadata: { name },
  spec: {
    parentRefs: parents.map((parent) => ({ group: "", kind: "Service", ...parent })),
    rules: [rule],
  },
});

const markOf = async (from: SidecarUnderTest, host: string) =>
  (await askEcho(from, host)).answer.headers.mark ?? "none";

test("a route is for the service, port and version that it names, and for nothing else", async (t) => {
  const mesh = await routedMesh(t, { server: newestServer() });
  for (const version of ["1", "2"]) await mesh.echo("echo", version);
  await mesh.echo("other");
  const upstreams = [
    { service: "echo", host: "127.0.0.1", port: 0 },
    { service: "echo", version: "2", host: "127.0.0.1", port: 0 },
    { service: "other", host: "127.0.0.1", port: 0 },
  ];
  const shop = await mesh.caller("shop", { upstreams });
  const [echo, echo2, other] = shop.upstreams as [string, string, string];
  const through = (listen: string) => ({ ...shop, listen });
  const deleted = (...names: string[]) =>
    mesh.post("delete", { resources: names.map((name) => ({ kind: "HTTPRoute", name })) });

  await t.test("a port is that of the Host; without one any port is meant", async (t) => {
    await mesh.apply(
      routeOf("one-port", marks("80"), { name: "echo", port: 80 }),
      routeOf("any-port", marks("any", [{ name: "other" }]), { name: "other" }),
    );
    for (const [host, mark] of [
      ["echo.mesh", "80"],
      ["echo.mesh:80", "80"],
      ["ECHO.mesh", "80"],
      ["echo.mesh:8080", "none"],
      ["other.mesh", "any"],
      ["other.mesh:8080", "any"],
    ] as const)
      await t.test(`${host}: ${mark}`, async () => assert.equal(await markOf(shop, host), mark));
  });

  await t.test("a route may have several parents, and ports of one service different routes", async (t) => {
    await mesh.apply(
      routeOf("one-port", marks("first"), { name: "echo", port: 80 }, { name: "echo", port: 8080 }),
      routeOf("another-port", marks("second"), { name: "echo", port: 9090 }),
    );
    for (const [host, mark] of [
      ["echo.mesh", "first"],
      ["echo.mesh:8080", "first"],
      ["echo.mesh:9090", "second"],
      ["echo.mesh:7070", "none"],
    ] as const)
      await t.test(`${host}: ${mark}`, async () => assert.equal(await markOf(shop, host), mark));
    await deleted("another-port");
  });

  await t.test("a listener for one service has its routes, whatever the Host says", async () => {
    await mesh.apply(routeOf("one-port", marks("echo"), { name: "echo" }));
    await deleted("any-port");
    await mesh.allInStep();
    assert.equal(await markOf(through(echo), "other.mesh"), "echo");
    assert.equal(await markOf(through(other), "echo.mesh"), "none");
    assert.equal(await markOf(through(echo2), "echo.mesh"), "none", "it names a version");
  });

  await t.test("a call that names a version is not about the routes of the service", async () => {
    await mesh.apply(routeOf("one-port", { backendRefs: to("1") }, { name: "echo" }));
    assert.equal(await endOf(shop, "echo.mesh"), "v1");
    assert.equal(await endOf(shop, "v2.echo.mesh"), "v2");
    assert.equal(await endOf(through(echo2), "echo.mesh"), "v2");
    assert.equal(await endOf(shop, "v9.echo.mesh"), "503 no-instance");
  });

  for (const parent of [{ name: "echo", version: "2" }, { name: "echo-v2" }])
    await t.test(`a route of ${JSON.stringify(parent)} is for calls to that version`, async () => {
      await mesh.apply(routeOf("of-version", marks("v2", to("1")), parent));
      assert.equal(await markOf(shop, "v2.echo.mesh"), "v2");
      assert.equal(await endOf(shop, "v2.echo.mesh"), "v1", "and may send them elsewhere");
      assert.equal(await markOf(through(echo2), "localhost"), "v2");
      assert.equal(await markOf(shop, "echo.mesh"), "none");
      assert.equal(await markOf(shop, "v1.echo.mesh"), "none");
      await deleted("of-version");
    });

  await t.test(
    "a backend may be written as the standard knows versions, by a service of its own",
    async () => {
      await mesh.apply(route("echo", [{ backendRefs: [{ name: "echo-v2", port: 8080 }] }], "one-port"));
      assert.equal(await endOf(shop, "echo.mesh"), "v2");
    },
  );

  await t.test("a backend is called past its own routes", async () => {
    await mesh.apply(
      routeOf("one-port", marks("echo"), { name: "echo" }),
      routeOf("front", { backendRefs: [{ name: "echo" }] }, { name: "other" }),
    );
    const { answer, echo } = await askEcho(shop, "other.mesh");
    assert.equal(echo?.service, "echo");
    assert.equal(answer.headers.mark, undefined);
    assert.equal(echo.headers.host, "other.mesh", "the Host stays unless it is rewritten");
  });
});
