import type * as z from "zod/mini";
import { type Finding, type FindingCode, finding } from "./finding.ts";
import { type Path, pathText } from "./path.ts";
import type { RuleParams } from "./rule.ts";
import { allNotesOf, unwrapped } from "./schema-notes.ts";
import { cut, nearest, shown } from "./words.ts";

type Schema = z.core.$ZodType;
type Issue = z.core.$ZodIssue;
type Where = Pick<Finding, "document" | "resource">;

/** What zod found wrong with a value, in our words; one finding for each scalar. */
export function findingsOf(schema: Schema, issues: readonly Issue[], where: Where): Finding[] {
  const findings = new Map<string, Finding>();
  for (const issue of issues)
    for (const [key, one] of ofIssue(schema, issue, where)) if (!findings.has(key)) findings.set(key, one);
  return [...findings.values()];
}

/** The key tells findings apart of which the first is enough. */
function* ofIssue(root: Schema, issue: Issue, where: Where): Generator<[key: string, Finding]> {
  const path = issue.path as Path;
  const at = (code: FindingCode, to: Path, message: string, cure?: string): Finding =>
    finding(code, { ...where, path: pathText(to) }, message, cure);
  const text = pathText(path);
  if (issue.code === "custom" && issue.params !== undefined) {
    const { cure, code } = issue.params as unknown as RuleParams;
    yield [`rule ${text} ${issue.message}`, at(code, path, issue.message, cure)];
    return;
  }
  const schema = schemaAt(root, path);
  if (issue.code === "unrecognized_keys") {
    for (const key of issue.keys) {
      // Reported already, wherever it stands.
      if (key === "__proto__") continue;
      const place = [...path, key];
      const unsupported = own(allNotesOf(schema).unsupportedFields, key);
      if (unsupported !== undefined)
        yield [pathText(place), at("unsupported", place, `${key} is not supported`, unsupported)];
      else yield [`unknown ${text} ${key}`, at("unknown-field", place, ...unknownField(schema, key))];
    }
    return;
  }
  const notes = allNotesOf(schema);
  const name = nameOf(path);
  const { input } = issue;
  const isMissing = input === undefined;
  const unsupported = typeof input === "string" || isMissing ? notes.unsupportedValue?.(input) : undefined;
  if (unsupported !== undefined) {
    const found = isMissing
      ? `${name} is missing, ${notes.missing}, and that is not supported`
      : `${name} ${shown(input)} is not supported`;
    yield [`unsupported ${pathText(path.slice(0, -1))}`, at("unsupported", path, found, unsupported)];
    return;
  }
  const message = isMissing
    ? `${name} is missing${notes.missing === undefined ? "" : `, ${notes.missing}`}`
    : `${name} ${problem(issue)}`;
  yield [text, at("invalid-value", path, message, notes.cure ?? cureOf(issue))];
}

/** What a place is called in a sentence: its field, or its place in a list. */
function nameOf(path: Path): string {
  const last = path.at(-1);
  return typeof last === "number" ? pathText(path.slice(-2)) : cut(last ?? "the document");
}

const own = (table: Readonly<Record<string, string>> | undefined, key: string): string | undefined =>
  table !== undefined && Object.hasOwn(table, key) ? table[key] : undefined;

function unknownField(schema: Schema, key: string): [message: string, cure: string | undefined] {
  const fields = Object.keys(shapeOf(schema));
  const meant = nearest(key, fields);
  return [
    `${shown(key)} is no field here`,
    meant === undefined ? `leave it out; the fields here are ${fields.join(", ")}` : `did you mean ${meant}?`,
  ];
}

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
