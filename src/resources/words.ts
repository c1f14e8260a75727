const LONGEST = 60;

/** A value as it was found, short enough for a message; control characters are escaped. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "a map of fields";
  if (typeof value === "string") return JSON.stringify(cut(value));
  return String(value);
}

/** A text that is not longer than a message may show. */
export const cut = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

/**
 * The candidate that was most likely meant: one that begins with the word, or is at most one edit for each three
 * letters away; case, "-" and "_" cost nothing.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > 64) return undefined;
  const wanted = plain(word);
  let best: string | undefined;
  let bestCost = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const other = plain(candidate);
    const length = Math.max(wanted.length, other.length);
    // One edit makes any word of one or two letters of any other.
    const allowed = length < 3 ? 0 : Math.floor(length / 3);
    const isBegun = wanted.length >= 3 && other.startsWith(wanted);
    if (!isBegun && Math.abs(other.length - wanted.length) > allowed) continue;
    const cost = isBegun ? 1 : edits(wanted, other);
    if (cost <= allowed && cost < bestCost) [best, bestCost] = [candidate, cost];
  }
  return best;
}

const plain = (word: string): string => word.toLowerCase().replace(/[-_]/g, "");

/** Insertions, deletions, replacements and swaps of neighbours that make one of the other (optimal string alignment). */
function edits(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    const above = rows[i - 1]!;
    for (let j = 1; j <= b.length; j++) {
      const replaced = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwap ? rows[i - 2]![j - 2]! + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(above[j]! + 1, row[j - 1]! + 1, replaced, swapped));
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
