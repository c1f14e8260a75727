import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair } from "yaml";
import type { Path } from "../../../resources/path.ts";

/**
 * Where a path of a document stands in the text: at the key, or at the value when `atValue`. What is not there is
 * looked for where it would be: at the nearest that is.
 * @param steps from the top of the document
 * @returns the offset
 */
export function offsetOf(document: Document.Parsed, steps: Path, atValue: boolean): number {
  let node = document.contents as Node | null;
  let offset = node?.range?.[0] ?? document.range[0];
  for (const [i, step] of steps.entries()) {
    if (isAlias(node)) node = node.resolve(document) ?? null;
    if (isSeq(node) && typeof step === "number" && node.items[step] != null) {
      node = node.items[step] as Node;
      offset = node.range?.[0] ?? offset;
      continue;
    }
    const pair = isMap(node)
      ? (node.items as Pair<Node, Node | null>[]).find(({ key }) => isScalar(key) && key.value === step)
      : undefined;
    if (pair === undefined) return offset;
    const last = i === steps.length - 1;
    // A map or list below its key begins on the next line, at a key of its own that is not meant.
    const here = last && atValue && (isScalar(pair.value) || isAlias(pair.value)) ? pair.value : pair.key;
    offset = here.range?.[0] ?? offset;
    node = pair.value;
  }
  return offset;
}
