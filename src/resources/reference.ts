import { EXAMPLES } from "./examples.ts";
import { FINDINGS } from "./finding.ts";
import { type JsonSchema, policyJsonSchema } from "./json-schema.ts";
import { code, generated, table } from "./markdown.ts";

type Defs = Readonly<Record<string, JsonSchema>>;

/** The reference page of policy files, in Markdown: each kind, each field, each finding. */
export function referencePage(): string {
  const defs = policyJsonSchema().$defs!;
  const kinds = Object.keys(EXAMPLES) as (keyof typeof EXAMPLES)[];
  const told = new Set<string>();
  const sections = kinds.flatMap((kind) => {
    const own = reachable(kind, defs).filter((name) => !told.has(name));
    for (const name of own) told.add(name);
    return own.map((name) => section(name, defs, name === kind ? EXAMPLES[kind] : undefined));
  });
  return `${[
    generated("Policy files", "the schemas in this folder"),
    "A field that is not listed is refused, and so is one of the Gateway API that Weft does not carry: the finding names it. Durations are those of GEP-2257 (`250ms`, `2s`, `1h30m`), regular expressions those of RE2.",
    ...sections,
    findings(),
  ].join("\n\n")}\n`;
}

/** A definition and all that it refers to, in the order of first mention. */
function reachable(name: string, defs: Defs, seen: Set<string> = new Set()): string[] {
  if (seen.has(name)) return [];
  seen.add(name);
  const fields = Object.values(defs[name]!.properties ?? {});
  for (const target of fields.map(refOf)) if (target !== undefined) reachable(target, defs, seen);
  return [...seen];
}

function section(name: string, defs: Defs, example: string | undefined): string {
  const schema = defs[name]!;
  const required = new Set(schema.required);
  const rows = Object.entries(schema.properties ?? {}).map(([field, one]) => [
    code(field),
    typeOf(one),
    required.has(field) ? "required" : one.default === undefined ? "" : code(JSON.stringify(one.default)),
    limits(one).join(", "),
    one.description ?? defs[refOf(one) ?? ""]?.description ?? "",
  ]);
  return [
    `${example === undefined ? "###" : "##"} ${name}`,
    schema.description ?? "",
    ...(example === undefined ? [] : [`\`\`\`yaml\n${example}\`\`\``]),
    table(["field", "type", "default", "limits", "meaning"], rows),
  ].join("\n\n");
}

const refOf = (schema: JsonSchema): string | undefined =>
  (schema.items?.$ref ?? schema.$ref)?.replace("#/$defs/", "");

function typeOf(schema: JsonSchema): string {
  if (schema.type === "array") return `list of ${typeOf(schema.items!)}`;
  const target = refOf(schema);
  if (target !== undefined) return `[${target}](#${target.toLowerCase()})`;
  if (typeof schema.additionalProperties === "object") return "map of texts";
  const names: Readonly<Record<string, string>> = {
    string: "text",
    integer: "whole number",
    boolean: "bool",
  };
  return names[schema.type ?? ""] ?? schema.type ?? "";
}

function limits(schema: JsonSchema): string[] {
  const values = schema.const === undefined ? schema.enum : [schema.const];
  const item = schema.items;
  return [
    ...(values === undefined ? [] : [values.map((one) => code(JSON.stringify(one))).join(" ")]),
    ...range(schema.minItems, schema.maxItems, "entries"),
    ...range(schema.minLength, schema.maxLength, "characters"),
    ...range(schema.minimum, schema.maximum, ""),
    ...(schema.pattern === undefined ? [] : [code(schema.pattern)]),
    ...(item === undefined || item.$ref !== undefined ? [] : limits(item).map((one) => `each ${one}`)),
  ];
}

function range(min: number | undefined, max: number | undefined, unit: string): string[] {
  if (min === undefined && max === undefined) return [];
  const text = min === undefined ? `at most ${max}` : max === undefined ? `from ${min}` : `${min} to ${max}`;
  return [`${text} ${unit}`.trim()];
}

function findings(): string {
  const rows = Object.entries(FINDINGS).map(([name, { severity, meaning, cure }]) => [
    code(name),
    severity,
    meaning,
    cure,
  ]);
  return `## Findings\n\nWhat \`weft apply\` and \`weft analyze\` say; errors refuse the whole apply.\n\n${table(["code", "severity", "meaning", "cure"], rows)}`;
}
