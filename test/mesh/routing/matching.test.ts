import { test } from "node:test";
import { route, routedMesh } from "../../support/routed-mesh.ts";
import { natsServers } from "../../support/servers.ts";
import { type Case, checkCases, onPath, rule, withVersions } from "./cases.ts";

const header = (name: string, value: string) => ({ name, value });

const prefixOrHeader: readonly Case[] = [
  ["GET /", "v1"],
  ["GET /example", "v1"],
  ["GET /", "v1", { version: "one" }],
  ["GET /v2", "v2"],
  ["GET /v2/", "v2"],
  ["GET /v2/example", "v2"],
  ["GET /v2?x=1", "v2", undefined, "the query is no part of the path"],
  ["GET /", "v2", { version: "two" }],
  ["GET /v2example", "v1", undefined, "a prefix ends where an element does"],
  ["GET /foo/v2/example", "v1", undefined, "a prefix begins where the path does"],
  ["GET /V2", "v1", undefined, "the case of a path matters"],
];

const exactPaths: readonly Case[] = [
  ["GET /one", "v1"],
  ["GET /one?and=more", "v1"],
  ["GET /two", "v2"],
  ["GET /", "404 no-route"],
  ["GET /one/more", "404 no-route"],
  ["GET /two/", "404 no-route"],
  ["GET /Two", "404 no-route"],
];

const headers: readonly Case[] = [
  ["GET /", "v1", { version: "one" }],
  ["GET /", "v1", { VERSION: "one" }, "the case of a name does not matter"],
  ["GET /", "404 no-route", { version: "One" }, "the case of a value does"],
  ["GET /", "404 no-route", { version: "one,more" }, "an exact match is about the whole value"],
  ["GET /", "v2", { version: "two" }],
  ["GET /", "v1", { version: "two", color: "orange" }, "two fields that hold count more than one"],
  ["GET /", "v2", { version: "two", color: "white" }],
  ["GET /", "404 no-route", { color: "orange" }, "all fields of a match must hold"],
  ["GET /", "404 no-route", { other: "one" }],
  ["GET /", "v1", { color: "blue" }],
  ["GET /", "v1", { color: "green" }, "one match of a rule is enough"],
  ["GET /", "v2", { color: "red" }],
  ["GET /", "v2", { color: "yellow" }],
  ["GET /", "v1", { list: ["a", "b"] }, "several lines are one list"],
  ["GET /", "404 no-route", { list: "a" }],
];

for (const server of natsServers())
  test(`nats-server ${server.label}: paths and header fields choose the version`, async (t) => {
    const mesh = await routedMesh(t, { server });
    const { shop } = await withVersions(mesh, "1", "2");
    await t.test("without a route any version answers", (t) =>
      checkCases(t, shop, [["GET /", "v1"]], "v1.echo.mesh"),
    );
    await t.test("by prefix, or by a header field", async (t) => {
      await mesh.apply(
        route("echo", [
          rule("1", onPath("/"), { headers: [header("version", "one")] }),
          rule("2", onPath("/v2"), { headers: [header("version", "two")] }),
        ]),
      );
      await checkCases(t, shop, prefixOrHeader);
    });
    await t.test("by exact paths", async (t) => {
      await mesh.apply(
        route("echo", [rule("1", onPath("/one", "Exact")), rule("2", onPath("/two", "Exact"))]),
      );
      await checkCases(t, shop, exactPaths);
    });
    await t.test("by header fields", async (t) => {
      const having = (...headers: object[]) => ({ headers });
      await mesh.apply(
        route("echo", [
          rule("1", having(header("Version", "one"))),
          rule("2", having(header("version", "two"))),
          rule("1", having(header("version", "two"), header("color", "orange"))),
          rule("1", having(header("color", "blue")), having(header("color", "green"))),
          rule("2", having(header("color", "red")), having(header("color", "yellow"))),
          rule("1", having(header("list", "a, b"))),
        ]),
      );
      await checkCases(t, shop, headers);
    });
  });
