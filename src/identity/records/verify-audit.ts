import { existsSync } from "node:fs";
import { join } from "node:path";
import { readSecret } from "../keys/secret-files.ts";
import { type AuditEntry, entryIn, NO_HASH, segmentsIn } from "./audit.ts";

/** What a log is worth. */
export interface AuditVerdict {
  readonly entries: number;
  /** Of the last entry: note it elsewhere, and a log that was cut shorter shows, too. */
  readonly head: string;
  /** Lines that a crash cut short; nobody was told that these were kept. */
  readonly torn: number;
  /** The first thing that is wrong; absent when nothing is. */
  readonly broken?: { readonly file: string; readonly line: number; readonly why: string };
}

/**
 * Follows the chain from the first entry to the last.
 * @param expected a head that was noted earlier: it has to be in the chain
 * @param visit told each entry, while the chain holds
 */
export function verifyAudit(
  folder: string,
  { expected, visit = () => {} }: { expected?: string; visit?: (entry: AuditEntry) => void } = {},
): AuditVerdict {
  let [entries, head, torn] = [0, NO_HASH, 0];
  let met = expected === undefined || expected === NO_HASH;
  const files = existsSync(folder) ? segmentsIn(folder) : [];
  const verdict = () => ({ entries, head, torn });
  for (const file of files) {
    const lines = (readSecret(join(folder, file)) ?? "").split("\n");
    for (const [i, line] of lines.entries()) {
      if (line === "") continue;
      const entry = entryIn(line);
      if (entry === undefined && isCutShort(line)) {
        torn++;
        continue;
      }
      const why = entry === undefined ? "it was changed after it was written" : breakAt(entry, entries, head);
      if (entry === undefined || why !== undefined)
        return { ...verdict(), broken: { file, line: i + 1, why: why! } };
      entries++;
      head = entry.hash;
      met ||= head === expected;
      visit(entry);
    }
  }
  if (met) return verdict();
  const why = `no entry has the hash ${expected}: the log was cut shorter, or is another`;
  return { ...verdict(), broken: { file: files.at(-1) ?? folder, line: 0, why } };
}

function breakAt(entry: AuditEntry, entries: number, head: string): string | undefined {
  if (entry.prev === head && entry.seq === entries + 1) return undefined;
  return `it does not follow entry ${entries}: entries were removed, put in, or change places`;
}

/** What a crash leaves is the beginning of an entry, and no JSON. */
function isCutShort(line: string): boolean {
  if (!line.startsWith('{"seq":') && !'{"seq":'.startsWith(line)) return false;
  try {
    JSON.parse(line);
    return false;
  } catch {
    return true;
  }
}
