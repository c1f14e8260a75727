import type { Clock } from "../../registry/clock.ts";
import { QUIET_MS, type SignalReport } from "./wire.ts";

/** What the latest report of one instance says of now. */
export type InstanceGauges = Pick<SignalReport, "version" | "inFlight" | "app" | "expiry"> & {
  readonly service: string;
  readonly instance: string;
};

/** Even a quiet sidecar reports once a minute. */
const FORGOTTEN_AFTER_MS = 3 * QUIET_MS;
const MOST = 10_000;

/** The latest word of each instance that reports. */
export class Instances {
  readonly #clock: Clock;
  readonly #heard = new Map<string, { readonly at: number; readonly gauges: InstanceGauges }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  heard(gauges: InstanceGauges): void {
    const key = `${gauges.service}.${gauges.instance}`;
    if (this.#heard.size >= MOST && !this.#heard.has(key)) this.#forget();
    if (this.#heard.size >= MOST && !this.#heard.has(key)) return;
    this.#heard.set(key, { at: this.#clock.now(), gauges });
  }

  gone(service: string, instance: string): void {
    this.#heard.delete(`${service}.${instance}`);
  }

  /** Of one service, or of all. */
  of(service?: string): InstanceGauges[] {
    this.#forget();
    return [...this.#heard.values()]
      .map(({ gauges }) => gauges)
      .filter((gauges) => service === undefined || gauges.service === service);
  }

  #forget(): void {
    const now = this.#clock.now();
    for (const [key, { at }] of this.#heard) if (now - at > FORGOTTEN_AFTER_MS) this.#heard.delete(key);
  }
}
