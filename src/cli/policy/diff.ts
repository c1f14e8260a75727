/** One line of a comparison. */
interface Line {
  readonly mark: " " | "-" | "+";
  readonly text: string;
}

const CONTEXT = 3;
/** Above this many pairs of lines a comparison shows the whole changed part as taken out and put in. */
const MAX_CELLS = 4_000_000;

/**
 * A unified diff (POSIX diff -u): lines of context around each change, under heads as `@@ -1,4 +1,5 @@`.
 * @returns its lines without the names of files; none when both are the same
 */
export function unifiedDiff(before: string, after: string): string[] {
  const lines = compared(linesOf(before), linesOf(after));
  const near = lines.map(() => false);
  for (const [i, { mark }] of lines.entries())
    if (mark !== " ") near.fill(true, Math.max(0, i - CONTEXT), i + CONTEXT + 1);
  const out: string[] = [];
  let old = 1;
  let fresh = 1;
  for (let i = 0; i < lines.length; ) {
    const end = near.indexOf(!near[i], i);
    const part = lines.slice(i, end < 0 ? lines.length : end);
    const olds = part.filter(({ mark }) => mark !== "+").length;
    const freshes = part.filter(({ mark }) => mark !== "-").length;
    if (near[i]) {
      out.push(`@@ -${range(old, olds)} +${range(fresh, freshes)} @@`);
      out.push(...part.map(({ mark, text }) => mark + text));
    }
    old += olds;
    fresh += freshes;
    i += part.length;
  }
  return out;
}

const linesOf = (text: string): string[] => (text === "" ? [] : text.replace(/\n$/, "").split("\n"));

/** An empty range is named by the line before it. */
const range = (start: number, count: number): string =>
  count === 1 ? `${start}` : `${count === 0 ? start - 1 : start},${count}`;

function compared(before: readonly string[], after: readonly string[]): Line[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  while (
    end < Math.min(before.length, after.length) - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  )
    end++;
  const same = (text: string): Line => ({ mark: " ", text });
  return [
    ...before.slice(0, start).map(same),
    ...changed(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...before.slice(before.length - end).map(same),
  ];
}

/** By the longest common subsequence, as everybody expects of a diff. */
function changed(before: readonly string[], after: readonly string[]): Line[] {
  const out: Line[] = [];
  const take = (mark: Line["mark"], texts: readonly string[]) => {
    for (const text of texts) out.push({ mark, text });
  };
  const width = after.length + 1;
  let i = 0;
  let j = 0;
  if ((before.length + 1) * width <= MAX_CELLS) {
    // common[i * width + j]: length of the longest common subsequence of before[i…] and after[j…]
    const common = new Uint32Array((before.length + 1) * width);
    for (let a = before.length - 1; a >= 0; a--)
      for (let b = after.length - 1; b >= 0; b--)
        common[a * width + b] =
          before[a] === after[b]
            ? common[(a + 1) * width + b + 1]! + 1
            : Math.max(common[(a + 1) * width + b]!, common[a * width + b + 1]!);
    while (i < before.length && j < after.length) {
      if (before[i] === after[j]) {
        take(" ", [before[i++]!]);
        j++;
      } else if (common[(i + 1) * width + j]! >= common[i * width + j + 1]!) take("-", [before[i++]!]);
      else take("+", [after[j++]!]);
    }
  }
  take("-", before.slice(i));
  take("+", after.slice(j));
  return out;
}
