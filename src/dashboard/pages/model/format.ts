import { msText as wordedMs } from "../../../protocol/duration.ts";

/** How numbers are written, everywhere alike. */

export const rateText = (perSecond: number): string =>
  perSecond === 0 ? "0/s" : perSecond < 0.1 ? "<0.1/s" : `${short(perSecond)}/s`;

export const msText = (ms: number | null): string => (ms === null ? "–" : wordedMs(ms));

/** Never rounds up to all: 99.97 % is not 100 %. */
export function shareText(share: number | null): string {
  if (share === null) return "–";
  if (share === 1) return "100 %";
  const percent = Math.floor(share * 1000) / 10;
  return `${percent.toFixed(1)} %`;
}

export const countText = (count: number): string => short(count);

function short(value: number): string {
  if (value >= 1e6) return `${trim(value / 1e6)}M`;
  if (value >= 10_000) return `${trim(value / 1000)}k`;
  return trim(value);
}

const trim = (value: number): string =>
  value >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(1);

/** `45 s`, `3 min`, `2 h 5 min`, `4 d`. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${Math.floor(hours / 24)} d`;
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

export const agoText = (at: number, now: number): string =>
  now - at < 2000 ? "just now" : `${spanText(now - at)} ago`;

/** Of the reader's clock and zone. */
export const clockText = (at: number): string =>
  new Date(at).toLocaleTimeString([], {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  });

export const dayText = (at: number): string =>
  new Date(at).toLocaleString([], {
    dateStyle: "medium",
    timeStyle: "medium",
    hourCycle: "h23",
  } as Intl.DateTimeFormatOptions);

export const countOf = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;
