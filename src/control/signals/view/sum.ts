import { quantileMs } from "../../../telemetry/histogram.ts";
import {
  COLUMNS,
  columnOf,
  FAILED,
  POLICY,
  POLICY_AT,
  type PolicyCount,
  STATUSES,
  SUM_MS,
} from "../columns.ts";
import type { Series } from "../series.ts";
import { stepsOf, type Window } from "../window.ts";

/** What may be without a call that ended. */
const BESIDE_CALLS = ["parked", "limited", "queued", "shed", "overloaded"] as const;

/** The golden signals of some calls within a window. Durations are in ms; null is "there were no calls". */
export type Golden = {
  readonly calls: number;
  /** A second. */
  readonly rate: number;
  /** Share of the calls that did not fail, 0 to 1. */
  readonly success: number | null;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly meanMs: number | null;
  readonly statuses: Readonly<Record<"2xx" | "3xx" | "4xx" | "5xx" | "none", number>>;
  /** Calls that the mesh ended by itself, by code. */
  readonly codes: Record<string, number>;
} & Readonly<Record<PolicyCount, number>>;

/** The same over time: an item for each step of the window. */
export interface Points {
  readonly rate: number[];
  /** Failed calls a second. */
  readonly failed: number[];
  readonly p50: (number | null)[];
  readonly p99: (number | null)[];
}

/** Adds up series within one window. */
export class Sum {
  readonly #window: Window;
  readonly #heard: Window;
  readonly #coveredMs: number;
  readonly #series: Series[] = [];
  readonly #sums = new Float64Array(COLUMNS);
  /** Of the part that rates are of. */
  readonly #heardSums = new Float64Array(COLUMNS);
  readonly #codes = new Map<string, number>();

  /**
   * @param coveredMs for how long there was anybody to count in `heard`
   * @param heard the part of the window that rates are of
   */
  constructor(window: Window, coveredMs: number, heard = window) {
    this.#window = window;
    this.#heard = heard;
    this.#coveredMs = coveredMs;
  }

  add(series: Series): void {
    if (!series.counts.addTo(this.#sums, this.#window)) return;
    if (this.#heard !== this.#window) series.counts.addTo(this.#heardSums, this.#heard);
    this.#series.push(series);
    for (const [code, history] of series.codes) {
      const count = new Float64Array(1);
      history.addTo(count, this.#window);
      if (count[0]! > 0) this.#codes.set(code, (this.#codes.get(code) ?? 0) + count[0]!);
    }
  }

  /** Adds what policy did alone: the calls themselves are counted elsewhere. */
  addPolicy(series: Series): void {
    const sums = new Float64Array(COLUMNS);
    series.counts.addTo(sums, this.#window);
    for (let i = POLICY_AT; i < COLUMNS; i++) this.#sums[i]! += sums[i]!;
  }

  get calls(): number {
    return callsIn(this.#sums);
  }

  /** Anything at all, be it that a call was refused before it was one. */
  get isEmpty(): boolean {
    return this.#sums.every((count) => count === 0);
  }

  /**
   * No call came or was held back: what policy did was with copies (RequestMirror), which are no calls of the caller, or
   * with a call that is still under way.
   */
  get isOfNoCall(): boolean {
    const sums = this.#sums;
    return this.calls === 0 && BESIDE_CALLS.every((count) => sums[columnOf(count)] === 0);
  }

  golden(): Golden {
    const sums = this.#sums;
    const calls = this.calls;
    const heard = this.#heard === this.#window ? calls : callsIn(this.#heardSums);
    // Calls that were spread over time may come in parts.
    const [none = 0, , ok = 0, moved = 0, theirs = 0, ours = 0] = sums
      .subarray(STATUSES, STATUSES + 6)
      .map(Math.round);
    return {
      calls: Math.round(calls),
      rate: rounded((heard * 1000) / this.#coveredMs),
      success: calls === 0 ? null : rounded(1 - sums[FAILED]! / calls, 1e5),
      ...{ p50: quantile(sums, 0.5), p90: quantile(sums, 0.9), p99: quantile(sums, 0.99) },
      meanMs: calls === 0 ? null : rounded(sums[SUM_MS]! / calls),
      statuses: { "2xx": ok, "3xx": moved, "4xx": theirs, "5xx": ours, none },
      codes: Object.fromEntries(
        [...this.#codes].sort(([, a], [, b]) => b - a).map(([code, count]) => [code, Math.round(count)]),
      ),
      ...(Object.fromEntries(POLICY.map((count) => [count, Math.round(sums[columnOf(count)]!)])) as Record<
        PolicyCount,
        number
      >),
    };
  }

  points(): Points {
    const points: Points = { rate: [], failed: [], p50: [], p99: [] };
    const sums = new Float64Array(COLUMNS);
    const perSecond = 1000 / this.#window.stepMs;
    for (const step of stepsOf(this.#window)) {
      sums.fill(0);
      for (const series of this.#series) series.counts.addStepTo(sums, step, this.#window.stepMs);
      points.rate.push(rounded(callsIn(sums) * perSecond));
      points.failed.push(rounded(sums[FAILED]! * perSecond));
      points.p50.push(quantile(sums, 0.5));
      points.p99.push(quantile(sums, 0.99));
    }
    return points;
  }
}

/** How many calls columns have. */
export const callsIn = (sums: Float64Array): number =>
  sums.subarray(STATUSES, STATUSES + 6).reduce((sum, count) => sum + count, 0);

const quantile = (sums: Float64Array, q: number): number | null => {
  const ms = quantileMs(sums, q);
  return ms === undefined ? null : rounded(ms);
};

const rounded = (value: number, parts = 100): number => Math.round(value * parts) / parts;
