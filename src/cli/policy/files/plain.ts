import { type Document, isAlias, isMap, isScalar, isSeq, type Node } from "yaml";
import type { Path } from "../../../resources/path.ts";
import { MAX_FILE_BYTES } from "./sources.ts";
import type { Complaint } from "./text.ts";

const MAX_ALIASES = 100;
/** More complaints about one document help nobody. */
const MAX_COMPLAINTS = 20;
/** Stands where a value could not be read: no value of JSON is this one. */
const UNREAD = Number.NaN;

/** An anchored node, as the aliases for it get it. `open`: it is still being read, so an alias would hold itself. */
interface Anchored {
  value: unknown;
  size: number;
  open: boolean;
}

type Unplaced = Omit<Complaint, "place"> & { readonly offset: number };

/** Whether the value at a path, or one around it, could not be read; then it was complained about. */
export function isUnread(value: unknown, path: Path): boolean {
  let one = value;
  for (const step of path) {
    if (typeof one !== "object" || one === null || !Object.hasOwn(one, step)) break;
    one = (one as Readonly<Record<string | number, unknown>>)[step];
  }
  return Number.isNaN(one);
}

/**
 * The JSON value of a parsed document, as far as it could be read. Its nesting is bounded by documents.ts.
 * @returns the value, undefined when its aliases cannot be written out; and what keeps it from being one of JSON
 */
export function plainOf(document: Document.Parsed): { value: unknown; complaints: Unplaced[] } {
  const anchors = new Map<string, Anchored>();
  const complaints: Unplaced[] = [];
  let aliases = 0;
  let aliased = 0;
  let refused = false;
  const complain = (node: Node | null, code: Complaint["code"], message: string, cure: string) => {
    if (complaints.length < MAX_COMPLAINTS)
      complaints.push({ code, message, cure, offset: node?.range?.[0] ?? 0 });
    return UNREAD;
  };

  const value = plain(document.contents as Node | null);
  return { value: refused || Number.isNaN(value) ? undefined : value, complaints };

  function plain(node: Node | null): unknown {
    const name = node !== null && "anchor" in node ? node.anchor : undefined;
    if (name === undefined) return content(node);
    const anchored: Anchored = { value: null, size: 0, open: true };
    anchors.set(name, anchored);
    const before = aliased;
    anchored.value = content(node);
    anchored.size = lengthOf(node) + aliased - before;
    anchored.open = false;
    return anchored.value;
  }

  function content(node: Node | null): unknown {
    if (node === null) return null;
    if (isAlias(node)) return alias(node, node.source);
    if (isSeq(node)) return node.items.map((item) => plain(item as Node | null));
    if (isMap(node)) return map(node.items as { key: Node | null; value: Node | null }[]);
    const { value } = isScalar(node) ? node : { value: null };
    if (typeof value === "number" && !Number.isFinite(value))
      return complain(node, "yaml", `${value} is no number of JSON`, "give a finite number");
    return value;
  }

  function map(pairs: readonly { key: Node | null; value: Node | null }[]): unknown {
    const entries = new Map<string, unknown>();
    for (const { key, value } of pairs) {
      // A list or a map as a key was complained about when it was parsed.
      if (key !== null && !isScalar(key)) continue;
      const name = String((key as { value?: unknown } | null)?.value ?? "");
      if (entries.has(name))
        complain(key, "yaml", `the key ${JSON.stringify(name)} is there twice`, "keep one of the two");
      else if (name === "__proto__")
        complain(key, "yaml", "__proto__ is no name of a field", "give the field another name");
      else entries.set(name, plain(value));
    }
    return Object.fromEntries(entries);
  }

  function alias(node: Node, name: string): unknown {
    const anchored = anchors.get(name);
    if (anchored === undefined)
      return complain(
        node,
        "yaml",
        `the alias *${name} stands for nothing`,
        `put the anchor &${name} before it`,
      );
    if (refused) return UNREAD;
    aliased += anchored.size;
    const why = anchored.open
      ? `the alias *${name} stands for something that holds it`
      : ++aliases > MAX_ALIASES
        ? `there are more than ${MAX_ALIASES} aliases in one document`
        : aliased > MAX_FILE_BYTES
          ? `with its aliases written out, the document is larger than ${MAX_FILE_BYTES >> 20} MiB`
          : undefined;
    if (why === undefined) return anchored.value;
    refused = true;
    return complain(node, "too-many-aliases", why, "write out what the aliases (*) stand for");
  }
}

const lengthOf = (node: Node | null): number => {
  const [start, end] = node?.range ?? [0, 0];
  return end - start;
};
