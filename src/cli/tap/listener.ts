import type { TappedCall, TapReport } from "../../control/tap/wire.ts";

/** Counts what sidecars tell, each for itself: who tells is what the subject says. */
export class Listener {
  readonly #service: string;
  readonly #most: number;
  /** By instance: what it told last of its counts. */
  readonly #counts = new Map<string, { readonly matched: number; readonly dropped: number }>();
  #shown = 0;
  #bad = 0;

  /** @param most calls shown in all */
  constructor(service: string, most = Number.POSITIVE_INFINITY) {
    this.#service = service;
    this.#most = most;
  }

  get isFull(): boolean {
    return this.#shown >= this.#most;
  }

  /**
   * @param subject `reg.tap.<id>.<service>.<instance>`: the broker lets nobody else publish there
   * @returns the calls to show
   */
  take(subject: string, report: TapReport | undefined): readonly TappedCall[] {
    const teller = subject.split(".")[4] ?? "";
    const isOwn = ({ service, instance }: TappedCall) => service === this.#service && instance === teller;
    if (report === undefined || report.instance !== teller || !report.calls.every(isOwn)) {
      this.#bad++;
      return [];
    }
    const { matched, dropped } = report;
    this.#counts.set(teller, { matched, dropped });
    const calls = report.calls.slice(0, this.#most - this.#shown);
    this.#shown += calls.length;
    return calls;
  }

  /** For people, at the end. */
  summary(): string {
    const all = [...this.#counts.values()];
    const sum = (read: (one: { matched: number; dropped: number }) => number) =>
      all.reduce((total, one) => total + read(one), 0);
    const dropped = sum((one) => one.dropped);
    return [
      `${this.#shown} calls shown of ${sum((one) => one.matched)}, from ${all.length} ${all.length === 1 ? "sidecar" : "sidecars"}`,
      ...(dropped === 0 ? [] : [`${dropped} were above the rate of the tap (--rate, --where)`]),
      ...(this.#bad === 0 ? [] : [`${this.#bad} reports could not be read`]),
    ].join("; ");
  }
}
