import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { readResource } from "../../src/resources/read.ts";
import { aRoute, told } from "./a-route.ts";

const DEADLINE_MS = 2000;

/** Reads a value, within a time that only something that hangs takes. */
const read = (value: unknown): string[] => {
  const begun = performance.now();
  const found = told(readResource(value, 0));
  assert.ok(performance.now() - begun < DEADLINE_MS, "it takes too long");
  return found;
};
const spoilt = (spoil: Parameters<typeof aRoute>[0]): string[] => read(aRoute(spoil));

test("values that unfold without end are refused as too large, with where they begin", () => {
  const circle: Record<string, unknown> = aRoute();
  circle.spec = circle;
  assert.match(read(circle)[0]!, /^too-large spec\.spec/);
  let bomb: unknown = "lol";
  for (let i = 0; i < 30; i++) bomb = Array(10).fill(bomb);
  assert.deepEqual(read({ ...aRoute(), spec: bomb }), ["too-large"]);
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i++) deep = [deep];
  assert.match(read(deep)[0]!, /^too-large \[0\]/);
  const long = spoilt(({ metadata }) => {
    metadata.annotations = { a: "x".repeat(1024 * 1024) };
  });
  assert.deepEqual(long, ["too-large"]);
});

test("names of an object's own machinery are fields like any other: unknown", () => {
  const proto = JSON.parse(
    '{"kind":"HTTPRoute","__proto__":{"spec":1},"constructor":1,"metadata":{"name":"a","labels":{"__proto__":"x"}}}',
  );
  const found = read({ ...aRoute(), ...proto });
  assert.ok(found.includes("unknown-field constructor"));
  assert.ok(found.includes("unknown-field metadata.labels.__proto__"));
  assert.ok(read(proto).includes("unknown-field __proto__"));
  for (const kind of ["__proto__", "constructor", "toString"])
    assert.deepEqual(read({ kind }), ["unknown-kind kind"]);
  for (const type of ["__proto__", "constructor"])
    assert.deepEqual(
      spoilt(({ spec }) => {
        spec.rules[0].filters = [{ type }];
      }),
      ["invalid-value spec.rules[0].filters[0].type"],
    );
});

test("of thousands of findings a hundred are told, and how many more there are", () => {
  const fields = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`field${i}`, i]));
  const { findings } = readResource({ ...aRoute(), ...fields }, 0);
  assert.equal(findings.length, 101);
  assert.equal(findings.at(-1)?.code, "too-many-findings");
  assert.match(findings.at(-1)?.message ?? "", /19900 more/);
});

test("values of every wrong type in every place are findings, never exceptions", () => {
  const wrong = [null, 0, -1, Number.NaN, "", "x", true, [], [null], {}, { a: 1 }, 10n, () => 1, Symbol("s")];
  const places: ((route: Record<string, unknown>, value: unknown) => void)[] = [];
  const visit = (node: unknown, path: (string | number)[]): void => {
    if (path.length > 0)
      places.push((route, value) => {
        // biome-ignore lint/suspicious/noExplicitAny: any place of any value
        const parent = path.slice(0, -1).reduce<any>((at, step) => at[step], route);
        parent[path.at(-1)!] = value;
      });
    if (typeof node !== "object" || node === null) return;
    for (const [key, inner] of Object.entries(node)) visit(inner, [...path, key]);
  };
  const full = aRoute(({ spec }) => {
    spec.rules[0].matches[0].headers = [{ name: "a", value: "b" }];
    spec.rules[0].timeouts = { request: "1s" };
    spec.rules[0].filters = [
      {
        type: "RequestHeaderModifier",
        requestHeaderModifier: { set: [{ name: "a", value: "b" }], remove: ["c"] },
      },
      { type: "URLRewrite", urlRewrite: { path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/" } } },
      { type: "RequestMirror", requestMirror: { backendRef: { name: "a" }, fraction: { numerator: 1 } } },
    ];
  });
  assert.deepEqual(read(full), []);
  visit(full, []);
  for (const place of places)
    for (const value of wrong) {
      const route = structuredClone(full);
      place(route, value);
      const { resource, findings } = readResource(route, 0);
      assert.equal(resource === undefined, findings.length > 0);
    }
});

test("long and twisted names, paths and expressions take no time", () => {
  spoilt(({ metadata }) => {
    metadata.name = `${"a".repeat(400_000)}_`;
  });
  spoilt(({ metadata }) => {
    metadata.name = "a.".repeat(200_000);
  });
  spoilt(({ spec }) => {
    spec.rules[0].matches[0].path.value = `/${"a%20".repeat(100_000)}[`;
  });
  const costly = spoilt(({ spec }) => {
    const path = { type: "RegularExpression", value: "(a|b|c|d|e){1000}".repeat(60) };
    spec.rules = Array.from({ length: 2 }, () => ({ matches: Array.from({ length: 64 }, () => ({ path })) }));
  });
  assert.ok(costly.every((one) => one.startsWith("too-large")));
});

test("text that was found is shown short, without its control characters", () => {
  const { findings } = readResource(
    aRoute(({ spec }) => {
      spec[`\u001b[31m${"x".repeat(1000)}`] = 1;
      spec.rules[0].backendRefs[0].name = `\u0000\n${"y".repeat(1000)}`;
    }),
    0,
  );
  assert.equal(findings.length, 2);
  for (const { message, path, cure } of findings)
    for (const text of [message, path, cure]) {
      assert.ok(text.length < 300, text);
      assert.doesNotMatch(text, /[\u0000-\u001f]/);
    }
});

test("the schemas that a sidecar has do not load the engine for regular expressions", () => {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const [, from] of readFileSync(file, "utf8").matchAll(/^import (?!type)[^;]*?from "([^"]+)";/gms))
      if (from!.startsWith(".")) visit(join(dirname(file), from!));
      else assert.notEqual(from, "re2js", file);
  };
  visit("src/resources/http-route.ts");
  visit("src/resources/service-policy.ts");
  assert.ok(seen.size > 10);
});
