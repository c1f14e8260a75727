import assert from "node:assert/strict";
import { test } from "node:test";
import { askEcho, route, routedMesh } from "../../support/routed-mesh.ts";
import { newestServer } from "../../support/servers.ts";
import { type Case, checkCases, onPath, rule, withVersions } from "./cases.ts";

const calledBy = (value: string, type = "Exact") => ({ headers: [{ type, name: "weft-caller", value }] });

test("a match on weft-caller is about the service that calls", async (t) => {
  const mesh = await routedMesh(t, { server: newestServer() });
  const { shop } = await withVersions(mesh, "1", "2", "3");
  const kiosk = await mesh.caller("kiosk");
  const job = await mesh.caller("job-7");

  await t.test("a route that is for one caller changes nothing for others", async () => {
    const marked = {
      type: "ResponseHeaderModifier",
      responseHeaderModifier: { set: [{ name: "mark", value: "shop" }] },
    };
    await mesh.apply(
      route("echo", [{ matches: [calledBy("shop")], filters: [marked], backendRefs: [{ name: "echo" }] }]),
    );
    const markOf = async (from: typeof shop) => {
      const { answer } = await askEcho(from, "echo.mesh");
      return `${answer.status} ${answer.headers.mark}`;
    };
    assert.equal(await markOf(shop), "200 shop");
    assert.equal(await markOf(kiosk), "200 undefined");
  });

  const ofShop: readonly Case[] = [
    ["GET /", "v2"],
    ["GET /v3", "v3", undefined, "a longer prefix counts before the caller"],
    ["GET /only-jobs", "v2"],
    ["GET /", "v2", { "weft-caller": "kiosk" }, "what a request says of its caller does not count"],
  ];
  const ofKiosk: readonly Case[] = [
    ["GET /", "v1"],
    ["GET /", "v1", { "weft-caller": "shop" }, "and nobody can be another"],
    ["GET /", "v1", { "Weft-Caller": ["kiosk", "shop"] }],
    ["GET /only-jobs", "v1", { "weft-caller": "job-7" }],
  ];
  const ofJob: readonly Case[] = [
    ["GET /only-jobs", "v3"],
    ["GET /", "v1"],
  ];
  await t.test("together with rules for all callers, a rule for one comes first", async (t) => {
    await mesh.apply(
      route("echo", [
        rule("1"),
        rule("2", calledBy("shop")),
        rule("3", onPath("/v3")),
        rule("3", { ...onPath("/only-jobs"), ...calledBy("job-[0-9]+", "RegularExpression") }),
      ]),
    );
    await checkCases(t, shop, ofShop);
    await checkCases(t, kiosk, ofKiosk);
    await checkCases(t, job, ofJob);
  });

  await t.test("the app is told who called, and by the mesh only", async () => {
    const { echo } = await askEcho(kiosk, "echo.mesh", "/", { headers: { "weft-caller": "shop" } });
    assert.equal(echo?.headers["weft-caller"], "kiosk");
  });
});
