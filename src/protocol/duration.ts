const DURATION = /^(?:\d{1,5}(?:h|ms|m|s)){1,4}$/;
const PART = /(\d+)(h|ms|m|s)/g;
const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/**
 * Reads a duration as Gateway API writes them (GEP-2257): `1h30m`, `15s`, `250ms`. `0s` is allowed.
 * @returns milliseconds; undefined when the text is none
 */
export function parseDuration(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined;
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(PART)) ms += Number(amount) * UNIT_MS[unit!]!;
  return ms;
}

/** A measured time in ms as people read it, on pages and in terminals alike: `0.4 ms`, `340 ms`, `1.2 s`, `15 s`. */
export const msText = (ms: number): string =>
  ms < 999.5 ? `${twoDigits(ms)} ms` : `${twoDigits(ms / 1000)} s`;

const twoDigits = (value: number): string =>
  value === 0 || value >= 9.95 ? String(Math.round(value)) : value.toFixed(1);
