import assert from "node:assert/strict";
import { test } from "node:test";
import { route, routedMesh } from "../../support/routed-mesh.ts";
import { newestServer } from "../../support/servers.ts";
import { type Case, checkCases, endOf, onPath, refusals, rule, withVersions } from "./cases.ts";

const like = (name: string, value: string) => [{ type: "RegularExpression", name, value }];
const onPattern = (value: string) => onPath(value, "RegularExpression");

const cases: readonly Case[] = [
  ["GET /v2/orders/17", "v2"],
  ["GET /v2/orders/17?x=1", "v2", undefined, "the query is no part of the path"],
  ["GET /v2/orders/x", "v1", undefined, "a pattern must match the whole path"],
  ["GET /v2/orders/17/more", "v1"],
  ["GET /more/v2/orders/17", "v1"],
  ["GET /v2/fixed/1", "v3", undefined, "an exact path counts before a pattern"],
  ["GET /long/prefix/of/a/path", "v2", undefined, "a pattern counts before a prefix"],
  ["GET /", "v2", { version: "2.17" }],
  ["GET /", "v1", { version: "2.17-rc" }, "a pattern must match the whole value of a field"],
  ["GET /", "v1", { version: "12.17" }],
  ["GET /", "v3", { languages: ["de", "en"] }, "several lines are one list"],
  ["GET /?item=a12", "v2"],
  ["GET /?item=a12b", "v1", undefined, "a pattern must match the whole value of a query"],
  ["GET /?item=%6112", "v2"],
  ["GET /?item=b12", "v1"],
];

/** Takes time that doubles with each character in an engine that goes back, such as V8's own. */
const HOSTILE = "(a+)+$";
const text = `${"a".repeat(8 * 1024)}!`;
/** The longest that a target may be is 8 KiB with all that it has. */
const target = text.slice(100);

test("regular expressions choose the version", async (t) => {
  const mesh = await routedMesh(t, { server: newestServer() });
  const { shop } = await withVersions(mesh, "1", "2", "3");
  await t.test("by path, header field and query", async (t) => {
    await mesh.apply(
      route("echo", [
        rule("1", onPath("/long/prefix/of/a"), onPath("/")),
        rule("2", onPattern("/v2/(orders|fixed)/[0-9]+"), onPattern("/long/.*")),
        rule("3", onPath("/v2/fixed/1", "Exact")),
        rule("2", { headers: like("version", "2\\.[0-9]+") }, { queryParams: like("item", "a[0-9]+") }),
        rule("3", { headers: like("languages", ".*\\ben\\b.*") }),
      ]),
    );
    await checkCases(t, shop, cases);
  });

  await t.test("one that would hang other engines holds up nobody", async () => {
    await mesh.apply(
      route("echo", [
        rule("1"),
        rule(
          "2",
          { headers: like("hostile", HOSTILE) },
          { queryParams: like("hostile", HOSTILE) },
          onPattern(`/${HOSTILE}`),
        ),
      ]),
    );
    assert.equal(await endOf(shop, "echo.mesh", "GET /", { hostile: "aaa" }), "v2");
    const slowest = async (calls: Promise<string>[]) => {
      const startedAt = performance.now();
      for (const end of await Promise.all(calls)) assert.equal(end, "v1");
      return performance.now() - startedAt;
    };
    const tookMs = await slowest([
      endOf(shop, "echo.mesh", "GET /", { hostile: text }),
      endOf(shop, "echo.mesh", `GET /?hostile=${target}`),
      endOf(shop, "echo.mesh", `GET /${target}`),
      ...Array.from({ length: 20 }, () => endOf(shop, "echo.mesh")),
    ]);

    assert.ok(tookMs < 5000, `the slowest call took ${tookMs} ms`);
  });

  await t.test("one that cannot be read, or costs too much, is refused where it stands", async () => {
    const at = (i: number, rest: string) => `spec.rules[${i}].matches[0].${rest}`;
    assert.deepEqual(
      await refusals(
        mesh,
        rule("1", onPattern("/(")),
        rule("1", { headers: like("a", "(?=look-ahead)") }),
        rule("1", { queryParams: like("a", "(.)\\1") }),
        rule("1", onPattern("/(?:a{1,500}){1,500}")),
      ),
      [
        `invalid-value ${at(0, "path.value")}`,
        `invalid-value ${at(1, "headers[0].value")}`,
        `invalid-value ${at(2, "queryParams[0].value")}`,
        `invalid-value ${at(3, "path.value")}`,
      ],
    );
  });
});
