import { FINE } from "./window.ts";
import { REPORT_MS, type SignalReport } from "./wire.ts";

/** What is later than steps of 5 s are kept was not under way for so long: its clock is not what it was. */
const MOST_MS = FINE.keptMs;
/** In ms a ms: more than clocks drift apart, and a pause of 90 s makes 90 ms of it. */
const FORGOTTEN = 0.001;
/** As many as there may be instances that report. */
const MOST = 20_000;

interface Known {
  /** The least that a report of late took to come: registry's time less sidecar's time, in ms. */
  readonly offset: number;
  readonly ownMs: number;
  readonly arrivedAt: number;
  readonly delayMs: number;
}

/**
 * How long reports were under way: while the registry is stopped, or cut off, they wait for it and come all at once. The
 * clocks of sidecars are not compared with the registry's own: the report of an instance that came quickest shows how far
 * the two are apart, and what takes longer than that is late.
 */
export class Delays {
  readonly #known = new Map<string, Known>();

  /**
   * @param now by the registry's clock that never jumps
   * @returns `delayMs` from 0 to what is kept in steps of 5 s, and of how many periods the report can be: not of those
   * before the last one that came, as each costs time to keep
   */
  of(who: string, { ownMs, periods = 1 }: SignalReport, now: number): { delayMs: number; periods: number } {
    if (ownMs === undefined) return { delayMs: 0, periods: 1 };
    const known = this.#known.get(who);
    const mostPeriods = known === undefined ? periods : 1 + Math.ceil((now - known.arrivedAt) / REPORT_MS);
    const apart = now - ownMs;
    const offset = known === undefined ? apart : offsetOf(known, ownMs, now);
    const delayMs = apart - offset;
    if (known === undefined && this.#known.size >= MOST) this.#forget(now);
    if (known !== undefined || this.#known.size < MOST)
      this.#known.set(who, { offset, ownMs, arrivedAt: now, delayMs });
    return { delayMs, periods: Math.min(periods, mostPeriods) };
  }

  #forget(now: number): void {
    for (const [who, { arrivedAt }] of this.#known) if (now - arrivedAt > MOST_MS) this.#known.delete(who);
  }
}

/** @returns never more than `now - ownMs`, and that where what was known says nothing any more */
function offsetOf(known: Known, ownMs: number, now: number): number {
  const apart = now - ownMs;
  const offset = Math.min(apart, known.offset + (now - known.arrivedAt) * FORGOTTEN);
  const delayMs = apart - offset;
  // It began anew under the same name, or says what it likes.
  if (ownMs < known.ownMs || delayMs > MOST_MS) return apart;
  // What waited comes at once. Who is late again and again, at its own pace, slept with its machine, and so did its clock.
  const sinceBefore = ownMs - known.ownMs;
  const isAtItsPace = Math.abs(now - known.arrivedAt - sinceBefore) < sinceBefore / 2;
  return isAtItsPace && Math.min(delayMs, known.delayMs) > REPORT_MS ? apart : offset;
}
