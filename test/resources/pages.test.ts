import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import { codesPage } from "../../src/resources/codes-page.ts";
import { EXAMPLES } from "../../src/resources/examples.ts";
import { FINDINGS } from "../../src/resources/finding.ts";
import { type JsonSchema, policyJsonSchema } from "../../src/resources/json-schema.ts";
import { KINDS, readResource } from "../../src/resources/read.ts";
import { referencePage } from "../../src/resources/reference.ts";
import { metricsPage } from "../../src/setup/metrics-page.ts";
import { usersPage } from "../../src/setup/users-page.ts";

test("the generated pages are current", () => {
  for (const [file, text] of [
    ["src/resources/REFERENCE.md", referencePage()],
    ["src/protocol/CODES.md", codesPage()],
    ["src/identity/USERS.md", usersPage()],
    ["src/telemetry/METRICS.md", metricsPage()],
  ] as const)
    assert.ok(readFileSync(file, "utf8") === text, `${file} is not current: run \`npm run pages\``);
});

test("each kind has an example on the page, and it can be applied", () => {
  assert.deepEqual(Object.keys(EXAMPLES), KINDS);
  for (const kind of KINDS) {
    const { resource, findings } = readResource(parse(EXAMPLES[kind]), 0);
    assert.deepEqual(findings, []);
    assert.equal(resource?.kind, kind);
    assert.ok(referencePage().includes(EXAMPLES[kind]));
  }
});

test("the schema for editors describes every field, knows no others, and takes either kind", () => {
  const { $schema, $defs = {}, allOf = [] } = policyJsonSchema();
  assert.equal($schema, "https://json-schema.org/draft/2020-12/schema");
  assert.deepEqual(
    allOf.map((one) => [one.if?.properties?.kind?.const, one.then?.$ref]),
    KINDS.map((kind) => [kind, `#/$defs/${kind}`]),
  );
  for (const [name, schema] of Object.entries($defs)) {
    assert.equal(schema.additionalProperties, false, name);
    assert.ok(schema.description, name);
    for (const [field, one] of Object.entries<JsonSchema>(schema.properties ?? {})) {
      const target = one.$ref?.replace("#/$defs/", "");
      assert.ok(one.description ?? $defs[target ?? ""]?.description, `${name}.${field}`);
    }
  }
  assert.deepEqual($defs.HTTPRoute?.required, ["apiVersion", "kind", "metadata", "spec"]);
  assert.deepEqual($defs.Match?.required, undefined, "what has a default need not be written");
});

test("the page lists every finding", () => {
  for (const code of Object.keys(FINDINGS)) assert.ok(referencePage().includes(`\n| \`${code}\` `), code);
});
