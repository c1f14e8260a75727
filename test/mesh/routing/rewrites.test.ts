import assert from "node:assert/strict";
import { test } from "node:test";
import { askEcho, route, routedMesh } from "../../support/routed-mesh.ts";
import { newestServer } from "../../support/servers.ts";
import { onPath, refusals, to } from "./cases.ts";

const rewrite = (urlRewrite: object) => ({ type: "URLRewrite", urlRewrite });
const full = (replaceFullPath: string) => ({ path: { type: "ReplaceFullPath", replaceFullPath } });
const prefix = (replacePrefixMatch: string) => ({ path: { type: "ReplacePrefixMatch", replacePrefixMatch } });

/** The prefix that a rule is about, its rewrite, what is asked, and what the app is asked for. */
type Case = readonly [matched: string, rewrite: object, asked: string, sees: string];

const cases: readonly Case[] = [
  ["/prefix/one", prefix("/one"), "/prefix/one/two", "echo.mesh/one/two"],
  ["/prefix/one", prefix("/one"), "/prefix/one", "echo.mesh/one"],
  ["/prefix/one", prefix("/one"), "/prefix/one?a=%20b&c", "echo.mesh/one?a=%20b&c"],
  ["/prefix/one", prefix("/one"), "/prefix/one/?a", "echo.mesh/one/?a"],
  // The table of HTTPPathModifier.replacePrefixMatch.
  ["/foo", prefix("/xyz"), "/foo/bar", "echo.mesh/xyz/bar"],
  ["/foo2", prefix("/xyz/"), "/foo2/bar", "echo.mesh/xyz/bar"],
  ["/foo3/", prefix("/xyz"), "/foo3/bar", "echo.mesh/xyz/bar"],
  ["/foo4/", prefix("/xyz/"), "/foo4/bar", "echo.mesh/xyz/bar"],
  ["/foo", prefix("/xyz"), "/foo", "echo.mesh/xyz"],
  ["/foo", prefix("/xyz"), "/foo/", "echo.mesh/xyz/"],
  ["/bar", prefix(""), "/bar/baz", "echo.mesh/baz"],
  ["/bar2/", prefix(""), "/bar2/baz", "echo.mesh/baz"],
  ["/bar", prefix(""), "/bar", "echo.mesh/"],
  ["/bar", prefix(""), "/bar/", "echo.mesh/"],
  ["/strip", prefix("/"), "/strip/three", "echo.mesh/three"],
  ["/strip", prefix("/"), "/strip", "echo.mesh/"],
  ["/strip", prefix("/"), "/strip/", "echo.mesh/"],
  ["/strip", prefix("/"), "/strip?a=1", "echo.mesh/?a=1"],
  ["/strip", prefix("/"), "/strip/a/../b/%2e", "echo.mesh/a/../b/%2e"],
  ["/full/one", full("/one"), "/full/one/two", "echo.mesh/one"],
  ["/full/one", full("/one"), "/full/one/two?a=1", "echo.mesh/one?a=1"],
  ["/host", { hostname: "one.example.org" }, "/host/a", "one.example.org/host/a"],
  ["/both", { hostname: "one.example.org", ...prefix("/new") }, "/both/a", "one.example.org/new/a"],
];

test("a rewrite changes what the app is asked for", async (t) => {
  const mesh = await routedMesh(t, { server: newestServer() });
  for (const version of ["1", "2"]) await mesh.echo("echo", version);
  const shop = await mesh.caller();
  const rules = new Map(cases.map(([matched, settings]) => [matched, settings] as const));
  const sees = async (asked: string) => {
    const { echo } = await askEcho(shop, "echo.mesh", asked);
    return `${echo?.headers.host}${echo?.path}`;
  };

  for (const where of ["rule", "backend"] as const)
    await t.test(`by a filter of the ${where}`, async (t) => {
      await mesh.apply(
        route(
          "echo",
          [...rules].map(([matched, settings]) => {
            const filters = [rewrite(settings)];
            return where === "rule"
              ? { matches: [onPath(matched)], filters, backendRefs: to("1") }
              : { matches: [onPath(matched)], backendRefs: to("1", { filters }) };
          }),
        ),
      );
      for (const [matched, settings, asked, seen] of cases)
        await t.test(`${asked} under ${matched} with ${JSON.stringify(settings)} becomes ${seen}`, async () =>
          assert.equal(await sees(asked), seen),
        );
    });

  await t.test("together with header modifiers", async () => {
    const requestHeaderModifier = {
      set: [{ name: "X-Set", value: "new" }],
      add: [{ name: "X-Add", value: "more" }],
      remove: ["X-Remove"],
    };
    const modifier = { type: "RequestHeaderModifier", requestHeaderModifier };
    await mesh.apply(
      route("echo", [
        { matches: [onPath("/a")], filters: [rewrite(full("/all")), modifier], backendRefs: to("1") },
        { matches: [onPath("/b")], filters: [modifier, rewrite(prefix("/new"))], backendRefs: to("1") },
      ]),
    );
    for (const [asked, path] of [
      ["/a/x", "/all"],
      ["/b/x", "/new/x"],
    ] as const) {
      const headers = { "X-Set": "old", "X-Add": "old", "X-Remove": "old" };
      const { echo } = await askEcho(shop, "echo.mesh", asked, { headers });
      assert.equal(echo?.path, path);
      assert.equal(echo.headers["x-set"], "new");
      assert.match(echo.headers["x-add"] as string, /^old, ?more$/);
      assert.equal(echo.headers["x-remove"], undefined);
    }
  });

  await t.test(
    "rule and backend one after the other, and only for the calls that go to the backend",
    async () => {
      await mesh.apply(
        route("echo", [
          {
            matches: [onPath("/a")],
            filters: [rewrite({ hostname: "rule.example.org" })],
            backendRefs: [...to("1", { filters: [rewrite(prefix("/one"))] }), ...to("2")],
          },
        ]),
      );
      const calls = await Promise.all(Array.from({ length: 40 }, () => askEcho(shop, "echo.mesh", "/a/x")));
      const found = calls.map(({ echo }) => `v${echo?.version} ${echo?.headers.host}${echo?.path}`);
      assert.deepEqual([...new Set(found)].sort(), ["v1 rule.example.org/one/x", "v2 rule.example.org/a/x"]);
    },
  );

  await t.test(
    "what was asked for in the first place decides the rule, and stays in x-forwarded-host",
    async () => {
      await mesh.apply(
        route("echo", [
          {
            matches: [onPath("/a")],
            filters: [rewrite({ hostname: "one.example.org", ...full("/b") })],
            backendRefs: to("1"),
          },
          { matches: [onPath("/b")], backendRefs: to("2") },
        ]),
      );
      const { echo } = await askEcho(shop, "echo.mesh", "/a");
      assert.equal(echo?.version, "1");
      assert.equal(echo.headers["x-forwarded-host"], "echo.mesh");
    },
  );

  await t.test("what is no host and no path is refused", async (t) => {
    const at = "spec.rules[0].filters[0].urlRewrite";
    const refused: readonly (readonly [settings: object, finding: string])[] = [
      [{ hostname: "a\r\nweft-caller: admin" }, `invalid-value ${at}.hostname`],
      [{ hostname: "a:80" }, `invalid-value ${at}.hostname`],
      [full("/a HTTP/1.1\r\nhost: b"), `invalid-value ${at}.path.replaceFullPath`],
      [full("a"), `invalid-value ${at}.path.replaceFullPath`],
      [full(""), `invalid-value ${at}.path.replaceFullPath`],
      [prefix("/a?b"), `invalid-value ${at}.path.replacePrefixMatch`],
      [prefix("/ä"), `invalid-value ${at}.path.replacePrefixMatch`],
    ];
    const filtered = (settings: object, ...matches: object[]) => ({
      matches,
      filters: [rewrite(settings)],
      backendRefs: to("1"),
    });
    for (const [settings, finding] of refused)
      await t.test(JSON.stringify(settings), async () =>
        assert.deepEqual(await refusals(mesh, filtered(settings, onPath("/"))), [finding]),
      );
    await t.test("a prefix is replaced only where one was matched", async () => {
      for (const matches of [[onPath("/a", "Exact")], [onPath("/a"), onPath("/b")]])
        assert.deepEqual(await refusals(mesh, filtered(prefix("/x"), ...matches)), [
          `invalid-value ${at}.path.type`,
        ]);
    });
  });
});
