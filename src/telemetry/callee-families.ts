import type { Family, Labels, Sample } from "./family.ts";

/** A service that the sidecar calls, as a scrape asks for it. Counts are since the sidecar's start. */
export interface CalleeState {
  readonly service: string;
  /** An instance of it is, or was, there. */
  readonly isKnown: boolean;
  /** Further attempts after a failed one. */
  readonly retries: number;
  readonly budget: { readonly refused: number; readonly left: number };
  readonly hedges: { readonly begun: number; readonly won: number };
  /** By reason; none for a reason that was never met. */
  readonly ejections: Readonly<Record<string, number>>;
  /** Absent when policy holds no calls. */
  readonly parked?: {
    readonly held: number;
    readonly parked: number;
    readonly expired: number;
    readonly full: number;
  };
  readonly endpoints: readonly EndpointState[];
}

interface EndpointState {
  readonly state: string;
  /** Ejected, and used all the same. */
  readonly panic?: true;
  /** Passed over for a moment, and why. */
  readonly mark?: string;
}

/** What a caller does with an instance: ejected ones get no calls, unless it is in panic; then it is that. */
const STATES = [
  ...["admitting", "ejected", "panic", "probing"],
  ...["full", "limited", "leaving", "down", "absent"],
];

const stateOf = ({ state, panic, mark }: EndpointState): string =>
  panic ? "panic" : state === "admitting" ? (mark ?? state) : state;

/**
 * What policy did with the calls to each callee.
 * @param read asked for each family at each scrape, so it must be cheap
 */
export function calleeFamilies(read: () => readonly CalleeState[]): Family[] {
  const family = (
    type: "counter" | "gauge",
    name: string,
    help: string,
    valuesOf: (callee: CalleeState) => Iterable<readonly [Labels, number]>,
    ...further: readonly string[]
  ): Family => ({
    name,
    help,
    type,
    labels: ["weft_callee", ...further],
    read: () => {
      const samples: Sample[] = [];
      for (const callee of read().filter(isWorthIt))
        for (const [labels, value] of valuesOf(callee))
          samples.push({ labels: { weft_callee: callee.service, ...labels }, value });
      return samples;
    },
  });
  const one = (
    type: "counter" | "gauge",
    name: string,
    help: string,
    pick: (callee: CalleeState) => number | undefined,
  ): Family =>
    family(type, name, help, (callee) => {
      const value = pick(callee);
      return value === undefined ? [] : [[{}, value]];
    });
  return [
    one("counter", "weft_retry_attempts_total", "Attempts after a failed one", ({ retries }) => retries),
    one(
      "counter",
      "weft_retry_refused_total",
      "Further attempts, retries and hedges, that the retry budget did not allow",
      ({ budget }) => budget.refused,
    ),
    one(
      "gauge",
      "weft_retry_budget_left",
      "Further attempts that the retry budget would allow now",
      ({ budget }) => budget.left,
    ),
    one(
      "counter",
      "weft_hedge_attempts_total",
      "Attempts beside a slow one that was under way",
      ({ hedges }) => hedges.begun,
    ),
    one(
      "counter",
      "weft_hedge_wins_total",
      "Of those, the ones whose answer was taken",
      ({ hedges }) => hedges.won,
    ),
    family(
      "counter",
      "weft_ejections_total",
      "Times that an instance, or with the reason `service` all of the service, was left out",
      ({ ejections }) => Object.entries(ejections).map(([reason, value]) => [{ reason }, value]),
      "reason",
    ),
    family(
      "gauge",
      "weft_endpoints",
      "Instances as this caller sees them, by state",
      ({ endpoints }) =>
        STATES.map((state) => [{ state }, endpoints.filter((one) => stateOf(one) === state).length]),
      "state",
    ),
    one("gauge", "weft_parked", "Calls that are held for an instance", ({ parked }) => parked?.held),
    one("counter", "weft_parked_total", "Calls that were held", ({ parked }) => parked?.parked),
    one(
      "counter",
      "weft_parked_expired_total",
      "Calls that were held for too long",
      ({ parked }) => parked?.expired,
    ),
    one(
      "counter",
      "weft_park_full_total",
      "Calls that were not held because too many were",
      ({ parked }) => parked?.full,
    ),
  ];
}

/** A program can ask for any name: those that nobody ever served, and that nothing was done about, make no series. */
const isWorthIt = ({ isKnown, budget, hedges, ejections, parked }: CalleeState): boolean =>
  isKnown ||
  budget.refused > 0 ||
  hedges.begun > 0 ||
  Object.keys(ejections).length > 0 ||
  (parked !== undefined && parked.parked > 0);
