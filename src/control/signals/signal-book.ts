import type { Clock } from "../../registry/clock.ts";
import { UNKNOWN } from "../../telemetry/unserved-names.ts";
import { columnOf, columnsOf, type PolicyCount } from "./columns.ts";
import { Delays } from "./delays.ts";
import type { When } from "./history.ts";
import { Instances } from "./instances.ts";
import { keyOf, type Of, Series } from "./series.ts";
import { COARSE, FINE } from "./window.ts";
import { type EdgeReport, OTHER, type SignalReport } from "./wire.ts";

export interface BookLimits {
  /** Each has 75 KiB. */
  readonly series: number;
  /** Of one reporting service, so that one cannot crowd out all others by naming whom it never called. */
  readonly seriesPerService: number;
}

export const BOOK_LIMITS: BookLimits = { series: 1000, seriesPerService: 100 };

/** What the reports of all sidecars come to: a series for each edge, instance and route. Bounded, in memory alone. */
export class SignalBook {
  readonly instances: Instances;
  /** Unix ms: before that there is nothing. */
  readonly since: number;
  readonly #clock: Clock;
  readonly #limits: BookLimits;
  readonly #delays = new Delays();
  readonly #series = new Map<string, Series>();
  /** The series that each reporting service has made. */
  readonly #made = new Map<string, Set<string>>();
  #sweptAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, limits: BookLimits = BOOK_LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
    this.since = clock.unix();
    this.instances = new Instances(clock);
  }

  all(): Iterable<Series> {
    return this.#series.values();
  }

  /** Reporting services that have all the series they may, so that what is new of them is not kept; all when the book is full. */
  full(): { all: boolean; services: string[] } {
    const { series, seriesPerService } = this.#limits;
    const services = [...this.#made].filter(([, keys]) => keys.size >= seriesPerService);
    return { all: this.#series.size >= series, services: services.map(([service]) => service) };
  }

  /** Takes a report of who the subject says, as of when it was made. False when some of it found no place. */
  take(service: string, instance: string, report: SignalReport): boolean {
    const { ownMs: _, periods: __, edges, callees = [], limited = {}, last, ...gauges } = report;
    const { delayMs, periods } = this.#delays.of(`${service}.${instance}`, report, this.#clock.now());
    const now = this.#clock.unix();
    const keptFrom = Math.max(this.since, now - FINE.keptMs);
    const when: When = { at: now - delayMs, periods, keptFrom };
    let fitted = true;
    const on = (of: Of, count: (series: Series, when: When) => void): void => {
      const series = this.#of(service, of);
      if (series === undefined) fitted = false;
      else count(series, when);
    };
    const { version, app } = gauges;
    for (const edge of edges) for (const of of whatOf(service, instance, version, edge)) on(of, adds(edge));
    for (const { service: callee, ...counts } of callees) {
      const of: Of = { kind: "edge", side: "client", caller: service, callee, version: "" };
      on(of, addsPolicy(counts));
    }
    for (const [caller, count] of Object.entries(limited)) {
      const of: Of = { kind: "edge", side: "server", caller, callee: service, version };
      on(of, addsPolicy({ limited: count }));
    }
    if (app !== undefined && app.queued + app.shed + app.overloaded > 0) {
      const { queued, shed, overloaded } = app;
      on({ kind: "instance", side: "server", service, instance }, addsPolicy({ queued, shed, overloaded }));
    }
    if (last) this.instances.gone(service, instance);
    else this.instances.heard({ service, instance, ...gauges });
    return fitted;
  }

  #of(owner: string, of: Of): Series | undefined {
    const key = keyOf(of);
    const now = this.#clock.now();
    const known = this.#series.get(key);
    if (known !== undefined) {
      known.heardAt = now;
      return known;
    }
    if (this.#isFull(owner)) {
      this.#dropIdle(now);
      if (this.#isFull(owner)) return undefined;
    }
    const series = new Series(of, now);
    this.#series.set(key, series);
    this.#made.set(owner, (this.#made.get(owner) ?? new Set()).add(key));
    return series;
  }

  #isFull(owner: string): boolean {
    const { series, seriesPerService } = this.#limits;
    return this.#series.size >= series || (this.#made.get(owner)?.size ?? 0) >= seriesPerService;
  }

  /** What has nothing within the hour that is kept. Looks once a second at most: who floods the book must not cost more. */
  #dropIdle(now: number): void {
    if (now - this.#sweptAt < 1000) return;
    this.#sweptAt = now;
    for (const [key, { heardAt }] of this.#series)
      if (now - heardAt > COARSE.keptMs + COARSE.stepMs) this.#series.delete(key);
    for (const [owner, keys] of this.#made) {
      for (const key of keys) if (!this.#series.has(key)) keys.delete(key);
      if (keys.size === 0) this.#made.delete(owner);
    }
  }
}

/** What one reported edge counts for. The version of a callee that reports is its own. */
function* whatOf(service: string, instance: string, own: string, edge: EdgeReport): Generator<Of> {
  const { side, peer, version = "", route } = edge;
  if (side === "client") yield { kind: "edge", side, caller: service, callee: peer, version };
  else yield { kind: "edge", side, caller: peer, callee: service, version: own };
  yield { kind: "instance", side, service, instance };
  if (side === "client" && route !== undefined && peer !== OTHER && peer !== UNKNOWN)
    yield { kind: "route", callee: peer, route };
}

const adds = (edge: EdgeReport) => (series: Series, when: When) => {
  for (const [column, amount] of columnsOf(edge)) series.counts.add(when, column, amount);
  for (const [code, count] of Object.entries(edge.codes ?? {})) series.addCode(when, code, count);
};

const addsPolicy = (counts: Partial<Record<PolicyCount | "budgetLeft", number>>) => {
  const { budgetLeft: _now, ...all } = counts;
  return (series: Series, when: When) => {
    for (const [what, count] of Object.entries(all))
      if (count > 0) series.counts.add(when, columnOf(what as PolicyCount), count);
  };
};
