import type { Bus } from "../../src/bus/bus.ts";
import type { KeptShare, LastShare } from "../../src/control/rate/last-share.ts";
import { type RateReport, readRateShare, reportEveryMs } from "../../src/control/rate/wire.ts";
import { Asker } from "../../src/registry/ask.ts";
import { type Clock, every } from "../../src/registry/clock.ts";
import { pack } from "../../src/registry/frame.ts";
import type { InstanceTable } from "../../src/registry/table.ts";
import { registry as subjects } from "../../src/subjects/subjects.ts";
import { FairShare } from "../policy/fair-share.ts";
import type { Rate } from "../policy/gcra.ts";
import { CountedCalls } from "./counted-calls.ts";

const ASK_TIMEOUT_MS = 1000;
/** After a change of the table all instances ask, so each waits up to so long. */
const SPREAD_MS = 100;
/** The rate of calls is an average over about so many of them. */
const CALLS_COUNTED = 20;
const LEAST_COUNTED_MS = 3000;
const MOST_COUNTED_MS = 600_000;

/**
 * A share of a small burst is so small that chance alone fills it, and what comes in then is lost: up to a third of the
 * rate with 1, when one and a half of it is offered. With so many kept while calls are turned away it is some 3 %.
 */
const LEAST_KEPT = 4;

export interface GlobalRateOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  /** The service and instance that this sidecar is. */
  readonly service: string;
  readonly instance: string;
  /** For the other instances of its own service. */
  readonly table: Pick<InstanceTable, "instances" | "onUp" | "onGone">;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Where the share outlives this process. */
  readonly lastShare?: LastShare | undefined;
}

/**
 * This instance's share of a rate that all instances of its service have together. The registry lends it, by what is
 * asked of each; a call never waits for that. With no answer the last share stays; before the first it is the one that was
 * kept on the disk, unless more instances are known by now, else an even part among those that are known.
 */
export class GlobalRate {
  readonly #options: GlobalRateOptions;
  readonly #asker: Asker;
  readonly #bucket: FairShare;
  readonly #counted: CountedCalls;
  readonly #stops: (() => void)[];
  #rate: Rate;
  /** As the registry said last. */
  #lent: number | undefined;
  /** As it was lent before this process began. */
  readonly #kept: KeptShare | undefined;
  #asking = false;
  #cancelSoon: (() => void) | undefined;

  constructor(options: GlobalRateOptions, rate: Rate) {
    const { bus, clock, service, instance, table, random } = options;
    this.#options = options;
    this.#rate = rate;
    this.#kept = options.lastShare?.load();
    this.#counted = new CountedCalls(clock.now());
    // Instances that start anew must not bring a burst each.
    this.#bucket = new FairShare({ ...this.#ownRate(), burst: 1 }, clock.now(), LEAST_KEPT);
    this.#apply();
    this.#asker = new Asker(bus, clock, service, instance);
    this.#stops = [
      () => this.#asker.close(),
      () => this.#cancelSoon?.(),
      table.onUp((row) => row.service === service && this.#onTable()),
      table.onGone((of) => of === service && this.#onTable()),
      every(
        clock,
        () => reportEveryMs(this.#instances()) * (0.9 + 0.2 * random()),
        () => void this.#ask(),
      ),
    ];
    void this.#ask();
  }

  /** The part of the whole rate that it works with: above 0, at most 1. */
  get share(): number {
    if (this.#lent !== undefined) return this.#lent;
    const instances = this.#instances();
    return this.#kept !== undefined && this.#kept.instances >= instances ? this.#kept.share : 1 / instances;
  }

  /** Takes another rate; the share of it stays. */
  configure(rate: Rate): void {
    this.#rate = rate;
    this.#apply();
  }

  /** A `RateGate`: 0, or the ms after which a call would be let through. */
  readonly gate = (caller: string, now: number): number => {
    const waitMs = this.#bucket.take(caller, now);
    this.#counted.count(waitMs <= 0);
    return waitMs;
  };

  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  #instances(): number {
    const { table, service, instance } = this.#options;
    const rows = table.instances(service);
    // It may not be known yet itself.
    return rows.some((row) => row.instance === instance) ? rows.length : rows.length + 1;
  }

  #ownRate(): Rate {
    const { share } = this;
    const { requests, intervalMs, burst } = this.#rate;
    return { requests: requests * share, intervalMs, burst: Math.max(1, burst * share) };
  }

  #apply(): void {
    this.#bucket.change(this.#ownRate(), this.#options.clock.now());
  }

  #onTable(): void {
    if (this.#lent === undefined) this.#apply();
    this.#cancelSoon?.();
    const { clock, random } = this.#options;
    this.#cancelSoon = clock.after(random() * SPREAD_MS, () => void this.#ask());
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    const { clock, service } = this.#options;
    const { requests, intervalMs } = this.#rate;
    const overMs = (CALLS_COUNTED * this.#instances() * intervalMs) / requests;
    const demand = this.#counted.read(
      clock.now(),
      Math.min(MOST_COUNTED_MS, Math.max(LEAST_COUNTED_MS, overMs)),
    );
    const report: RateReport = demand === undefined ? {} : { demand };
    this.#asking = true;
    const answer = await this.#asker.ask(subjects.get("rate", service), pack(report), ASK_TIMEOUT_MS);
    this.#asking = false;
    const lent = answer && readRateShare(answer);
    if (lent === undefined) return;
    this.#lent = lent.share;
    this.#options.lastShare?.note(lent.share, this.#instances());
    this.#apply();
  }
}
