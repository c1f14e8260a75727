/** Most heads are shorter; only for others a longer text is made. */
const PROBE_BYTES = 2048;

/**
 * The head at the beginning of `bytes`, with its empty line, as latin1; when it is not whole, what there is of it.
 * @param maxBytes more is not looked at
 */
export function headText(bytes: Buffer, from: number, to: number, maxBytes: number): string {
  const probeEnd = Math.min(to, from + PROBE_BYTES);
  const probe = bytes.toString("latin1", from, probeEnd);
  const end = probe.indexOf("\r\n\r\n");
  if (end >= 0) return probe.slice(0, end + 4);
  const allEnd = Math.min(to, from + maxBytes);
  if (allEnd <= probeEnd) return probe;
  const all = bytes.toString("latin1", from, allEnd);
  const allHeadEnd = all.indexOf("\r\n\r\n");
  return allHeadEnd < 0 ? all : all.slice(0, allHeadEnd + 4);
}

export const isWholeHead = (text: string): boolean => text.endsWith("\r\n\r\n");

/** What no beginning of a head has: a CR or LF without the other, or another control. Such a head never gets whole. */
export const NEVER_A_HEAD = /(?:^|[^\r])\n|\r[^\n]|[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/;
