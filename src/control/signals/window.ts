/** The two resolutions that are kept: a quarter of an hour finely, an hour coarsely. */
export const FINE = { stepMs: 5000, keptMs: 15 * 60_000 } as const;
export const COARSE = { stepMs: 60_000, keptMs: 60 * 60_000 } as const;

/** A stretch of time that begins and ends with spans of one resolution, all of them over. Times are Unix ms. */
export interface Window {
  readonly from: number;
  /** Not in it any more. */
  readonly to: number;
  readonly stepMs: number;
}

/**
 * @param windowMs how long it is; rounded up to whole spans, and cut to what is kept
 * @param at its end: the last span that was over then is the last in it
 * @param now Unix ms
 */
export function windowOf(windowMs: number, at: number, now: number): Window {
  const end = Math.min(at, now);
  const isFine = end - windowMs >= now - FINE.keptMs;
  const { stepMs, keptMs } = isFine ? FINE : COARSE;
  const oldest = Math.floor(now / stepMs) * stepMs - keptMs;
  // The minute that is not over yet counts as far as it has come: else an hour would end a minute ago.
  const to = (isFine ? Math.floor(end / stepMs) : Math.ceil(end / stepMs)) * stepMs;
  const from = to - Math.ceil(windowMs / stepMs) * stepMs;
  return { from: Math.max(from, oldest), to: Math.max(to, oldest), stepMs };
}

/**
 * The part of a window of which the registry has a report of every sidecar for each step of 5 s. In the step in which it
 * began to listen some came that are mostly of before, and others not at all; where there is no later one it must do.
 * @param since when it began, Unix ms
 */
export function heardOf(window: Window, since: number): Window {
  const from = Math.ceil(since / FINE.stepMs) * FINE.stepMs;
  const isCut = window.stepMs === FINE.stepMs && window.from < from && from < window.to;
  return isCut ? { ...window, from } : window;
}

/** The beginnings of its spans. */
export function stepsOf({ from, to, stepMs }: Window): number[] {
  const steps: number[] = [];
  for (let at = from; at < to; at += stepMs) steps.push(at);
  return steps;
}
