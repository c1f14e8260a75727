import type * as z from "zod/mini";
import { type Finding, type FindingCode, finding } from "./finding.ts";
import { type Path, pathText } from "./path.ts";
import type { RuleParams } from "./rule.ts";
import { allNotesOf, type Notes, unwrapped } from "./schema-notes.ts";
import { cut, nearest, shown } from "./words.ts";

type Schema = z.core.$ZodType;
type Issue = z.core.$ZodIssue;
type Where = Pick<Finding, "document" | "resource">;

/** What zod found wrong with a value, in our words. */
export function findingsOf(schema: Schema, issues: readonly Issue[], where: Where): Finding[] {
  const findings = new Map<string, Finding>();
  for (const issue of issues)
    for (const [key, { path, code, message, cure }] of ofIssue(schema, issue))
      if (!findings.has(key))
        findings.set(key, finding(code, { ...where, path: pathText(path) }, message, cure));
  return [...findings.values()];
}

interface Told {
  readonly code: FindingCode;
  readonly path: Path;
  readonly message: string;
  readonly cure: string | undefined;
}

/** The key says of which findings the first is enough. */
type Keyed = readonly [key: string, told: Told];

function ofIssue(root: Schema, issue: Issue): readonly Keyed[] {
  const path = issue.path as Path;
  if (issue.code === "custom" && issue.params !== undefined) {
    const { cure, code } = issue.params as unknown as RuleParams;
    return [[`rule ${pathText(path)} ${issue.message}`, { code, path, message: issue.message, cure }]];
  }
  const schema = schemaAt(root, path);
  // `__proto__` was reported when the value was measured, wherever it stands.
  if (issue.code === "unrecognized_keys")
    return issue.keys.filter((key) => key !== "__proto__").map((key) => extraField(schema, path, key));
  return [wrongValue(allNotesOf(schema), path, withOwnLimit(schema, issue))];
}

/** A number that is no safe integer fails before the field's own limit is looked at; that limit is what helps. */
function withOwnLimit(schema: Schema, issue: Issue): Issue {
  const checks = (unwrapped(schema)._zod.def.checks ?? []).map(({ _zod }) => _zod.def as Limit);
  const limit = (check: string) => checks.find((one) => one.check === check)?.value;
  if (issue.code === "too_big" && issue.maximum === Number.MAX_SAFE_INTEGER)
    return { ...issue, maximum: limit("less_than") ?? issue.maximum };
  if (issue.code === "too_small" && issue.minimum === Number.MIN_SAFE_INTEGER)
    return { ...issue, minimum: limit("greater_than") ?? issue.minimum };
  return issue;
}

interface Limit {
  readonly check: string;
  readonly value?: number;
}

function extraField(schema: Schema, at: Path, key: string): Keyed {
  const path = [...at, key];
  const unsupported = own(allNotesOf(schema).unsupportedFields, key);
  if (unsupported !== undefined)
    return [
      pathText(path),
      { code: "unsupported", path, message: `${key} is not supported`, cure: unsupported },
    ];
  const fields = Object.keys(shapeOf(schema));
  const meant = nearest(key, fields);
  const cure =
    meant === undefined ? `leave it out; the fields here are ${fields.join(", ")}` : `did you mean ${meant}?`;
  // Long names are cut in paths, so the path would not tell two of them apart.
  return [
    `${pathText(at)} ${key}`,
    { code: "unknown-field", path, message: `${shown(key)} is no field here`, cure },
  ];
}

function wrongValue(notes: Notes, path: Path, issue: Issue): Keyed {
  const { input } = issue;
  const name = nameOf(path);
  const missing =
    input === undefined
      ? `${name} is missing${notes.missing === undefined ? "" : `, ${notes.missing}`}`
      : undefined;
  const mayBeUnsupported = typeof input === "string" || (input === undefined && notes.missing !== undefined);
  const unsupported = mayBeUnsupported ? notes.unsupportedValue?.(input) : undefined;
  if (unsupported === undefined) {
    const message = missing ?? `${name} ${problem(issue)}`;
    return [pathText(path), { code: "invalid-value", path, message, cure: notes.cure ?? cureOf(issue) }];
  }
  const message =
    missing === undefined
      ? `${name} ${shown(input)} is not supported`
      : `${missing}, and that is not supported`;
  // One for each object: a reference has both a group and a kind that are not supported.
  return [
    `unsupported ${pathText(path.slice(0, -1))}`,
    { code: "unsupported", path, message, cure: unsupported },
  ];
}

/** What a place is called in a sentence: its field, or its place in a list. */
function nameOf(path: Path): string {
  const last = path.at(-1);
  return typeof last === "number" ? pathText(path.slice(-2)) : cut(last ?? "the document");
}

const own = (table: Readonly<Record<string, string>> | undefined, key: string): string | undefined =>
  table !== undefined && Object.hasOwn(table, key) ? table[key] : undefined;

const KINDS_OF_VALUE: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  int: "a whole number",
  number: "a number",
  object: "a map of fields",
  record: "a map of texts",
  string: "text",
};
const kindOfValue = (expected: string): string => KINDS_OF_VALUE[expected] ?? expected;

/** The rest of a sentence that begins with the field's name. */
function problem(issue: Issue): string {
  const found = shown(issue.input);
  switch (issue.code) {
    case "invalid_type":
      return `must be ${kindOfValue(issue.expected)}, and is ${found}`;
    case "invalid_value":
      return `must be ${issue.values.map((one) => shown(one)).join(" or ")}, and is ${found}`;
    case "too_big":
      return `${size(issue.origin, issue.input)}, and at most ${issue.maximum} is allowed`;
    case "too_small":
      return `${size(issue.origin, issue.input)}, and at least ${issue.minimum} is needed`;
    case "custom":
      return `${found} ${issue.message === "Invalid input" ? "is not allowed" : issue.message}`;
    default:
      return `${found} is malformed`;
  }
}

function size(origin: string, input: unknown): string {
  if (origin === "string") return `has ${String(input).length} characters`;
  if (origin === "array") return `has ${(input as unknown[]).length} entries`;
  return `is ${shown(input)}`;
}

function cureOf(issue: Issue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return `write ${kindOfValue(issue.expected)}${issue.input === null ? ", or leave it out" : ""}`;
    case "invalid_value":
      return `write ${issue.values.map((one) => cut(typeof one === "string" && one !== "" ? one : shown(one))).join(" or ")}`;
    case "too_big":
      return `write at most ${issue.maximum}`;
    case "too_small":
      return `write at least ${issue.minimum}`;
    default:
      return undefined;
  }
}

const shapeOf = (schema: Schema): Readonly<Record<string, Schema>> => {
  const def = unwrapped(schema)._zod.def as { shape?: Readonly<Record<string, Schema>> };
  return def.shape ?? {};
};

/** The schema of a place; where the place does not exist, the last one that does. */
function schemaAt(root: Schema, path: Path): Schema {
  let schema = root;
  for (const step of path) {
    const def = unwrapped(schema)._zod.def as { element?: Schema; valueType?: Schema };
    const shape = shapeOf(schema);
    const next = Object.hasOwn(shape, step) ? shape[step] : (def.element ?? def.valueType);
    if (next === undefined) return schema;
    schema = next;
  }
  return schema;
}
