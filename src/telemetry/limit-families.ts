import type { CallerCounts } from "./caller-counts.ts";
import { type Family, single } from "./family.ts";

/** How busy the app of this instance is, as a scrape asks for it. Counts are since the sidecar's start. */
export interface ConcurrencyState {
  /** Infinity when there is none. */
  readonly limit: number;
  readonly running: number;
  readonly waiting: number;
  readonly queued: number;
  readonly overloaded: number;
  readonly shed: number;
  /** Calls that were sent to the app once more, because it had closed the kept connection that they went by. */
  readonly askedAgain: number;
}

/**
 * What policy did with the calls that came in.
 * @param read asked for each family at each scrape, so it must be cheap; undefined where there is no app
 */
export function limitFamilies(
  read: () => ConcurrencyState | undefined,
  limited: CallerCounts<"limit">,
  denied: CallerCounts<"rule" | "mode">,
): Family[] {
  const one = (
    type: "counter" | "gauge",
    name: string,
    help: string,
    pick: (state: ConcurrencyState) => number | undefined,
  ): Family =>
    single(type, name, help, () => {
      const state = read();
      return state && pick(state);
    });
  return [
    one(
      "gauge",
      "weft_concurrency_limit",
      "Calls that the app may have at once, when that is limited",
      ({ limit }) => (Number.isFinite(limit) ? limit : undefined),
    ),
    one(
      "gauge",
      "weft_concurrency_running",
      "Calls that the app has, to the ends of its answers",
      (state) => state.running,
    ),
    one(
      "gauge",
      "weft_concurrency_waiting",
      "Calls that wait for a place at the app",
      (state) => state.waiting,
    ),
    one(
      "counter",
      "weft_queued_total",
      "Calls that had to wait for a place at the app",
      (state) => state.queued,
    ),
    one(
      "counter",
      "weft_overloaded_total",
      "Calls that were refused because there was no place at the app in time",
      (state) => state.overloaded,
    ),
    one(
      "counter",
      "weft_shed_total",
      "Calls that were refused in favour of more urgent ones",
      (state) => state.shed,
    ),
    one(
      "counter",
      "weft_app_asked_again_total",
      "Calls that were sent to the app once more, because it had closed the kept connection that they went by",
      (state) => state.askedAgain,
    ),
    limited.family("weft_rate_limited_total", "Calls that were above a rate, by caller and limit"),
    denied.family(
      "weft_denied_total",
      "Calls that authorization denied (mode enforce) or would have (mode shadow), by caller and rule",
    ),
  ];
}
