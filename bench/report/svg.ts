/** Text as it may stand in HTML and in attributes. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]!);

/** A coordinate with one digit after the point. */
export const px = (value: number): string => value.toFixed(1).replace(/\.0$/, "");

/** A time in the unit that reads best: `85 µs`, `1.2 ms`, `1 s`. */
export function timeText(us: number): string {
  if (us < 999.5) return `${Math.round(us)} µs`;
  if (us < 999_500) return `${shortNumber(us / 1000)} ms`;
  return `${shortNumber(us / 1e6)} s`;
}

/** Two significant digits below 10, whole numbers above; thousands as `k`. */
export function countText(value: number): string {
  if (value < 10_000) return Math.round(value).toLocaleString("en-US");
  return `${shortNumber(value / 1000)} k`;
}

const shortNumber = (value: number): string =>
  value < 9.95 ? String(Number(value.toFixed(1))) : String(Math.round(value));

/** A logarithmic scale from values to coordinates. */
export function logScale(low: number, high: number, from: number, to: number): (value: number) => number {
  const span = Math.log10(high) - Math.log10(low);
  return (value) => from + ((Math.log10(value) - Math.log10(low)) / span) * (to - from);
}

/** 1, 2 and 5 of each decade that lie within a range. */
export function logTicks(low: number, high: number): { value: number; major: boolean }[] {
  const ticks: { value: number; major: boolean }[] = [];
  for (let decade = 10 ** Math.floor(Math.log10(low)); decade <= high; decade *= 10)
    for (const step of [1, 2, 5])
      if (step * decade >= low && step * decade <= high)
        ticks.push({ value: step * decade, major: step === 1 });
  return ticks;
}

/** Moves positions apart so that each is at least `gap` from the next, and all stay within the bounds. */
export function spaced(positions: readonly number[], gap: number, low: number, high: number): number[] {
  const order = positions.map((_, i) => i).sort((a, b) => positions[a]! - positions[b]!);
  const placed = [...positions];
  let least = low;
  for (const i of order) {
    placed[i] = Math.max(placed[i]!, least);
    least = placed[i]! + gap;
  }
  let most = high;
  for (const i of order.toReversed()) {
    placed[i] = Math.min(placed[i]!, most);
    most = placed[i]! - gap;
  }
  return placed;
}
