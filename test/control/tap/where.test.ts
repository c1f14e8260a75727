import assert from "node:assert/strict";
import { test } from "node:test";
import { fits } from "../../../src/control/tap/ask-field.ts";
import { type Facts, where } from "../../../src/control/tap/where.ts";

const CALL: Facts = {
  ...{ status: 503, method: "GET", path: "/cart/7?secret=1", caller: "web", callee: "orders", version: "2" },
  ...{ code: "no-instance", ms: 250 },
};

for (const [text, isMeant] of [
  ["", true],
  ["status>=500", true],
  ["status<500", false],
  ["status = 503 and caller == web", true],
  ["status == 200 || caller == 'web'", true],
  ["status == 200 && caller == web || method == get", true],
  ["status == 503 && (caller == batch || method == post)", false],
  ["!(caller == web)", false],
  ["not caller == batch", true],
  ["!caller == batch", true],
  ["duration > 200ms", true],
  ["duration > 250ms", false],
  ["path ~ /cart/*", true],
  ['path == "/cart/7"', true],
  ["path ~ *secret*", false],
  ["path !~ *.css", true],
  ["code == no-instance", true],
  ["code != ''", true],
  ["version==2&&callee~ord*", true],
] as const)
  test(`${JSON.stringify(text)} ${isMeant ? "means" : "does not mean"} the call`, () => {
    assert.equal(where(text)(CALL), isMeant);
  });

for (const [text, says] of [
  ["status", /at its end: there should be one of ==/],
  ["size > 3", /at character 1, "size": there should be a field \(status, duration/],
  ["status > abc", /status is a number such as 500, not "abc"/],
  ["duration > 5", /duration is one such as 250ms/],
  ["status ~ 500", /status is a number: it has ==/],
  ["caller > web", /caller is a text: it has ==/],
  ["caller == web caller == x", /there should be "&&", "\|\|" or the end/],
  ["(caller == web", /at its end: there should be "\)"/],
  ["caller == 'web", /is a quote left open/],
  ["caller == web & status == 1", /is a quote left open|wrong at/],
  ["constructor == x", /there should be a field/],
  ["__proto__ == x", /there should be a field/],
  ["process.exit()", /there should be a field/],
  [`${"(".repeat(20)}status == 1`, /too deep/],
  [`${"!".repeat(400)}status==1`, /too deep/],
  [Array(40).fill("status==1").join("||"), /more than 32 times/],
  ["x".repeat(501), /longer than 500/],
] as const)
  test(`${JSON.stringify(text.slice(0, 40))} is refused with its place`, () => {
    assert.throws(() => where(text), { name: "WhereError", message: says });
  });

test("a pattern takes no longer than the text, however many stars it has", () => {
  for (const [text, pattern, is] of [
    ["abc", "abc", true],
    ["abc", "a*c", true],
    ["abc", "*", true],
    ["abc", "ab*bc", false],
    ["aXbXc", "a*b*c", true],
    ["abab", "*ab*ab", true],
    ["ab", "*ab*ab", false],
  ] as const)
    assert.equal(fits(text, pattern), is, `${text} ${pattern}`);
  assert.equal(fits("a".repeat(100_000), `${"a*".repeat(200)}b`), false);
});
