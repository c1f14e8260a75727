import assert from "node:assert/strict";
import { test } from "node:test";
import { route, routedMesh } from "../../support/routed-mesh.ts";
import { newestServer } from "../../support/servers.ts";
import { type Case, checkCases, onPath, rule, withVersions } from "./cases.ts";

const header = (name: string, value = "1") => ({ headers: [{ name, value }] });

/** The rules stand in the order that is wrong for one who takes the first that fits. */
const paths: readonly Case[] = [
  ["GET /match", "v1", undefined, "exact before prefix"],
  ["GET /match/exact", "v2"],
  ["GET /match/exact/one", "v3"],
  ["GET /match/any", "v3"],
  ["GET /match/prefix/any", "v1", undefined, "the longest prefix"],
  ["GET /match/prefix/one/any", "v2"],
  ["GET /match/prefix/one", "v2"],
  ["GET /match/", "v3", undefined, "a slash at the end of a prefix makes no difference"],
  ["GET /match/prefix", "v1"],
  ["GET /match/fixed", "v2", undefined, "an exact path before a prefix with a method and header fields"],
];

const acrossRoutes: readonly Case[] = [
  ["GET /", "v1"],
  ["GET /example", "v1"],
  ["GET /example", "v1", { version: "one" }],
  ["GET /v2", "v2"],
  ["GET /v2/example", "v2"],
  ["GET /", "v2", { version: "two" }],
  ["GET /v2", "v2", { version: "one" }, "the longest prefix of all routes counts"],
];

test("of several rules that fit, the specification's precedence takes one", async (t) => {
  const mesh = await routedMesh(t, { server: newestServer() });
  const { shop } = await withVersions(mesh, "1", "2", "3");
  await t.test("by path", async (t) => {
    await mesh.apply(
      route("echo", [
        rule("3", onPath("/match/")),
        rule("1", onPath("/match/prefix/")),
        rule("2", onPath("/match/prefix/one")),
        rule("1", { ...onPath("/match/fixed"), method: "GET", ...header("x") }),
        rule("2", onPath("/match/fixed", "Exact")),
        rule("3", onPath("/match/exact/one", "Exact")),
        rule("2", onPath("/match/exact", "Exact")),
        rule("1", onPath("/match", "Exact")),
      ]),
    );
    await checkCases(t, shop, paths);
    await checkCases(t, shop, [["GET /match/fixed", "v2", { x: "1" }]]);
  });

  await t.test("over all routes of a service, whichever is older", async (t) => {
    const older = route("echo", [rule("1", onPath("/"), header("version", "one"))]);
    const younger = route("echo", [rule("2", onPath("/v2"), header("version", "two"))], "another");
    await mesh.apply(older);
    await mesh.apply(younger);
    await checkCases(t, shop, acrossRoutes);
    await mesh.post("delete", { resources: [{ kind: "HTTPRoute", name: "echo" }] });
    await mesh.apply(older);
    await checkCases(t, shop, acrossRoutes);
    await mesh.post("delete", { resources: [{ kind: "HTTPRoute", name: "another" }] });
  });

  await t.test("in one route the first rule takes what two rules fit equally well", async (t) => {
    await mesh.apply(route("echo", [rule("2", header("b")), rule("1", header("a")), rule("3")]));
    await checkCases(t, shop, [
      ["GET /", "v2", { a: "1", b: "1" }],
      ["GET /", "v1", { a: "1" }],
      ["GET /", "v3"],
    ]);
  });

  await t.test(
    "of two routes the older takes it, then the first by name, and a change makes none younger",
    async (t) => {
      const middle = (version: string) => route("echo", [rule(version, header("b"))], "middle");
      await mesh.post("delete", { resources: [{ kind: "HTTPRoute", name: "echo" }] });
      await mesh.apply(middle("3"));
      await mesh.apply(
        route("echo", [rule("2", header("c"))], "b"),
        route("echo", [rule("1", header("a"))], "a"),
      );
      const both: Case = ["GET /", "v3", { a: "1", b: "1", c: "1" }];
      await checkCases(t, shop, [both, ["GET /", "v1", { a: "1", c: "1" }, "a is before b"]]);
      await mesh.apply(middle("2"));
      await checkCases(t, shop, [["GET /", "v2", { a: "1", b: "1" }]]);
    },
  );

  await t.test("two routes that want the same requests are refused, and both are named", async () => {
    const { status, body } = await mesh.post("apply", {
      resources: [route("echo", [rule("3", header("a"))], "second")],
    });
    assert.equal(status, 422);
    const [finding] = body.findings;
    assert.equal(finding.code, "conflict");
    assert.match(finding.resource + finding.message, /HTTPRoute second.*\ba\b/s);
  });
});
