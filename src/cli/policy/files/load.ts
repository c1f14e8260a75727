import type { Document } from "yaml";
import { type Finding, type FindingCode, finding } from "../../../resources/finding.ts";
import { type Path, pathSteps } from "../../../resources/path.ts";
import { isObject } from "../../../resources/rule.ts";
import { documentsOf, MAX_DOCUMENTS, type Parsed } from "./documents.ts";
import { START } from "./lines.ts";
import { offsetOf } from "./locate.ts";
import { isUnread, plainOf } from "./plain.ts";
import { readSources, type Source } from "./sources.ts";
import { type Complaint, textOf } from "./text.ts";

/** A finding with its place in a file. */
export type PlacedFinding = Finding & Required<Pick<Finding, "file" | "line" | "column">>;

/** A value that should be a resource, and where it stands. */
export interface Item {
  readonly value: unknown;
  /** Whether a finding is only about a value that could not be read, which `Loaded.findings` tells better. */
  isUnread(found: Finding): boolean;
  place(found: Finding): PlacedFinding;
}

/** What files hold. Where `findings` is not empty, `items` are what could be read. */
export interface Loaded {
  readonly items: readonly Item[];
  readonly findings: readonly PlacedFinding[];
}

/**
 * Loads the resources of files, folders and stdin: every document of each, and the items of a `kind: List`.
 * @throws Fault for what cannot be read
 */
export async function load(names: readonly string[], recursive = false): Promise<Loaded> {
  const sources = await readSources(names, recursive);
  const items: Item[] = [];
  const findings: PlacedFinding[] = [];
  for (const source of sources) {
    const loaded = loadOne(source);
    findings.push(...loaded.findings);
    for (const item of loaded.items) items.push(item);
    if (items.length > MAX_DOCUMENTS)
      return {
        items: [],
        findings: [
          placed(source.file, {
            code: "too-large",
            message: `with this file there are more than ${MAX_DOCUMENTS} resources`,
            cure: "apply them in several steps",
            place: START,
          }),
        ],
      };
  }
  return { items, findings };
}

/** One file, whose bytes are not over the limit by more than one. */
export function loadOne({ file, bytes }: Source): Loaded {
  const text = textOf(bytes);
  if (typeof text !== "string") return { items: [], findings: [placed(file, text)] };
  const parsed = documentsOf(text);
  const complaints: Complaint[] = [...parsed.complaints];
  const items: Item[] = [];
  for (const document of parsed.documents) {
    const { value, complaints: wrong } = plainOf(document);
    complaints.push(...wrong.map(({ offset, ...rest }) => ({ ...rest, place: parsed.placeOf(offset) })));
    if (value !== null && value !== undefined) items.push(...itemsOf(file, parsed, document, value));
  }
  if (items.length === 0 && complaints.length === 0)
    complaints.push({
      ...{ code: "yaml", message: "the file holds no resource", place: START },
      cure: "write an HTTPRoute or a ServicePolicy into it",
    });
  return { items, findings: complaints.map((complaint) => placed(file, complaint)) };
}

const placed = (file: string, { code, message, cure, place }: Complaint): PlacedFinding => ({
  ...finding(code, { path: "" }, message, cure),
  ...{ file, ...place },
});

/** What is said of a value, and not of the name of its field. */
const OF_VALUES: readonly FindingCode[] = ["invalid-value", "unknown-kind"];

function itemsOf(file: string, parsed: Parsed, document: Document.Parsed, value: unknown): Item[] {
  const itemAt = (one: unknown, above: Path): Item => ({
    value: one,
    isUnread: ({ code, path }) => OF_VALUES.includes(code) && isUnread(one, pathSteps(path)),
    place: (found) => {
      const steps = [...above, ...pathSteps(found.path)];
      const atValue = found.code !== "unknown-field" && found.code !== "unsupported";
      return { ...found, file, ...parsed.placeOf(offsetOf(document, steps, atValue)) };
    },
  });
  // What `weft get -o json` prints.
  if (isEntries(value)) return value.map(({ resource }, i) => itemAt(resource, [i, "resource"]));
  // Items of a `kind: List` (what kubectl prints) stand for themselves.
  if (isList(value)) return value.items.map((one, i) => itemAt(one, ["items", i]));
  return [itemAt(value, [])];
}

const isEntries = (value: unknown): value is readonly { readonly resource: unknown }[] =>
  Array.isArray(value) && value.length > 0 && value.every((one) => isObject(one) && isObject(one.resource));

const isList = (value: unknown): value is { readonly items: readonly unknown[] } =>
  typeof value === "object" &&
  value !== null &&
  (value as { kind?: unknown }).kind === "List" &&
  Array.isArray((value as { items?: unknown }).items);
