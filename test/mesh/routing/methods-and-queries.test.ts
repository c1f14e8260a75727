import { test } from "node:test";
import { route, routedMesh } from "../../support/routed-mesh.ts";
import { newestServer } from "../../support/servers.ts";
import { type Case, checkCases, onPath, rule, withVersions } from "./cases.ts";

const header = (value: string) => [{ name: "version", value }];
const query = (...pairs: [name: string, value: string][]) => pairs.map(([name, value]) => ({ name, value }));

const methods: readonly Case[] = [
  ["POST /", "v1"],
  ["GET /", "v2"],
  ["HEAD /", "404 no-route", undefined, "HEAD is a method of its own"],
  ["GET /path1", "v1"],
  ["PUT /", "v2", { version: "one" }],
  ["POST /path2", "v3", { version: "two" }],
  ["PATCH /path3", "v1"],
  ["DELETE /path4", "v1", { version: "three" }],
  ["PUT /", "404 no-route", undefined, "all conditions of a match must hold"],
  ["DELETE /path4", "404 no-route"],
  ["PATCH /path5", "v1", undefined, "a longer prefix counts before a method"],
  ["PATCH /", "v2", { version: "four" }, "a method counts before header fields"],
];

const queries: readonly Case[] = [
  ["GET /?animal=whale", "v1"],
  ["GET /?animal=dolphin", "v2"],
  ["GET /?animal=whale&other=1", "v1"],
  ["GET /?other=1&animal=dolphin", "v2"],
  ["GET /?color=blue", "404 no-route"],
  ["GET /?animal=dog", "404 no-route"],
  ["GET /?animal=whaledolphin", "404 no-route"],
  ["GET /?animal=Whale", "404 no-route", undefined, "the case of a value matters"],
  ["GET /?Animal=whale", "404 no-route", undefined, "and that of a name"],
  ["GET /?animal", "404 no-route"],
  ["GET /?", "404 no-route"],
  ["GET /", "404 no-route"],
  ["GET /?animal=whale&animal=dolphin", "v1", undefined, "the first of two counts"],
  ["GET /?animal=%77hale", "v1", undefined, "%XX is read as what it stands for"],
  ["GET /?%61nimal=whale", "v1"],
  ["GET /?dish=fish+and+chips", "v3", undefined, "+ is a space, as in a form"],
  ["GET /?dish=fish%20and%20chips", "v3"],
  ["GET /?animal=%", "404 no-route", undefined, "a broken escape is no reason to fail"],
  ["GET /path1?animal=whale", "v1"],
  ["GET /?animal=whale", "v2", { version: "one" }, "header fields count before queries"],
  ["GET /path3?animal=shark", "v1"],
  ["GET /path4?animal=kraken", "v1", { version: "three" }],
  ["GET /?animal=shark", "404 no-route", undefined, "all conditions of a match must hold"],
  ["GET /path4?animal=kraken", "404 no-route"],
  ["GET /path5?animal=hydra", "v1", undefined, "a longer prefix counts before a query"],
  ["GET /?animal=hydra&size=big", "v3", undefined, "two queries that hold count more than one"],
];

test("methods and queries choose the version", async (t) => {
  const mesh = await routedMesh(t, { server: newestServer() });
  const { shop } = await withVersions(mesh, "1", "2", "3");
  await t.test("by method", async (t) => {
    await mesh.apply(
      route("echo", [
        rule("1", { method: "POST" }),
        rule("2", { method: "GET" }),
        rule("1", { ...onPath("/path1"), method: "GET" }),
        rule("2", { headers: header("one"), method: "PUT" }),
        rule("3", { ...onPath("/path2"), headers: header("two"), method: "POST" }),
        rule(
          "1",
          { ...onPath("/path3"), method: "PATCH" },
          { ...onPath("/path4"), headers: header("three"), method: "DELETE" },
        ),
        rule("1", onPath("/path5")),
        rule("2", { method: "PATCH" }),
        rule("3", { headers: header("four") }),
      ]),
    );
    await checkCases(t, shop, methods);
  });
  await t.test("by query", async (t) => {
    const asking = (...pairs: [string, string][]) => ({ queryParams: query(...pairs) });
    await mesh.apply(
      route("echo", [
        rule("1", asking(["animal", "whale"])),
        rule("2", asking(["animal", "dolphin"])),
        rule("1", { ...onPath("/path1"), ...asking(["animal", "whale"]) }),
        rule("2", { headers: header("one"), ...asking(["animal", "whale"]) }),
        rule(
          "1",
          { ...onPath("/path3"), ...asking(["animal", "shark"]) },
          { ...onPath("/path4"), headers: header("three"), ...asking(["animal", "kraken"]) },
        ),
        rule("1", onPath("/path5")),
        rule("2", asking(["animal", "hydra"])),
        rule("3", asking(["animal", "hydra"], ["size", "big"])),
        rule("3", asking(["dish", "fish and chips"])),
      ]),
    );
    await checkCases(t, shop, queries);
  });
});
