import assert from "node:assert/strict";
import { test } from "node:test";
import { askEcho, route, routedMesh } from "../../support/routed-mesh.ts";
import { natsServers } from "../../support/servers.ts";

const to = (version: string) => [{ name: "echo", version }];

for (const server of natsServers())
  test(`nats-server ${server.label}: path and header matches choose the version`, async (t) => {
    const mesh = await routedMesh(t, { server });
    for (const version of ["1", "2"]) await mesh.echo("echo", version);
    const shop = await mesh.caller();
    await mesh.apply(
      route("echo", [
        {
          matches: [
            { path: { type: "PathPrefix", value: "/" } },
            { headers: [{ name: "version", value: "one" }] },
          ],
          backendRefs: to("1"),
        },
        {
          matches: [
            { path: { type: "PathPrefix", value: "/v2" } },
            { headers: [{ name: "version", value: "two" }] },
          ],
          backendRefs: to("2"),
        },
      ]),
    );
    const versionOf = async (path: string, headers = {}) =>
      (await askEcho(shop, "echo.mesh", path, { headers })).echo?.version;
    assert.equal(await versionOf("/"), "1");
    assert.equal(await versionOf("/example"), "1");
    assert.equal(await versionOf("/", { version: "one" }), "1");
    assert.equal(await versionOf("/v2"), "2");
    assert.equal(await versionOf("/v2/"), "2");
    assert.equal(await versionOf("/v2/example"), "2");
    assert.equal(await versionOf("/", { version: "two" }), "2");
    assert.equal(await versionOf("/v2example"), "1", "a prefix ends where an element does");
    assert.equal(await versionOf("/foo/v2/example"), "1");
  });
