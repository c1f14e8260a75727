import { EDGE, STATUS_CLASSES } from "../../../telemetry/call-families.ts";
import type { Family, Labels } from "../../../telemetry/family.ts";
import { BUCKETS } from "../../../telemetry/histogram.ts";
import { histogramSamples, OPEN_TELEMETRY } from "../../../telemetry/histogram-samples.ts";
import { columnOf, FAILED, type PolicyCount, STATUSES, SUM_MS } from "../columns.ts";
import type { Series } from "../series.ts";
import type { SignalBook } from "../signal-book.ts";

type Side = "client" | "server";

/**
 * What all sidecars have reported since this registry started, in the names of their own metrics, with all instances
 * of a service in one. The series are those of the book, so they are as bounded, and go when they are idle for an hour.
 */
export function federated(book: SignalBook): Family[] {
  return [
    ...(["client", "server"] as const).flatMap((side) => sideFamilies(book, side)),
    ...POLICY_FAMILIES.map(([what, side, name, help]) => policyFamily(book, what, side, name, help)),
    expiryFamily(book),
  ];
}

const POLICY_FAMILIES: readonly (readonly [PolicyCount, Side, name: string, help: string])[] = [
  ["retries", "client", "weft_retry_attempts_total", "Attempts after a failed one"],
  ["hedges", "client", "weft_hedge_attempts_total", "Attempts beside a slow one that was under way"],
  ["ejections", "client", "weft_ejections_total", "Times that an instance or a service was left out"],
  ["parked", "client", "weft_parked_total", "Calls that were held"],
  ["limited", "server", "weft_rate_limited_total", "Calls that were above a rate"],
  ["queued", "server", "weft_queued_total", "Calls that had to wait for a place at the app"],
  ["shed", "server", "weft_shed_total", "Calls that were refused in favour of more urgent ones"],
  ["overloaded", "server", "weft_overloaded_total", "Calls for which there was no place at the app in time"],
];

function sideFamilies(book: SignalBook, side: Side): Family[] {
  const edges = (): { labels: Labels; series: Series }[] =>
    [...book.all()].flatMap((series) =>
      series.of.kind === "edge" && series.of.side === side ? [{ labels: labelsOf(series), series }] : [],
    );
  const duration = `http_${side}_request_duration_seconds`;
  return [
    {
      name: duration,
      help: `Calls: duration, on the ${side}'s side`,
      type: "histogram",
      labels: EDGE,
      read: () =>
        edges().flatMap(({ labels, series }) => {
          if (!hasCalls(series)) return [];
          const { totals } = series.counts;
          return [...histogramSamples(duration, labels, totals, totals[SUM_MS]!, OPEN_TELEMETRY)];
        }),
    },
    {
      name: `weft_${side}_requests_total`,
      help: "Calls, by class of status; none: the caller left before there was one",
      type: "counter",
      labels: [...EDGE, "status_class"],
      read: () =>
        edges().flatMap(({ labels, series: { counts } }) =>
          STATUS_CLASSES.flatMap((status_class, i) => {
            const value = counts.totals[STATUSES + i]!;
            return value === 0 ? [] : [{ labels: { ...labels, status_class }, value }];
          }),
        ),
    },
    {
      name: `weft_${side}_failed_total`,
      help: "Calls that were answered with 5xx or ended by the mesh, but for those that the caller gave up",
      type: "counter",
      labels: EDGE,
      read: () =>
        edges().flatMap(({ labels, series }) =>
          hasCalls(series) ? [{ labels, value: series.counts.totals[FAILED]! }] : [],
        ),
    },
    {
      name: `weft_${side}_errors_total`,
      help: "Calls that the mesh ended by itself, by code",
      type: "counter",
      labels: [...EDGE, "code"],
      read: () =>
        edges().flatMap(({ labels, series: { codes } }) =>
          [...codes].map(([code, { totals }]) => ({ labels: { ...labels, code }, value: totals[0]! })),
        ),
    },
  ];
}

/** Of some edges only what policy did is known. */
const hasCalls = ({ counts: { totals } }: Series): boolean => {
  for (let i = 0; i < BUCKETS; i++) if (totals[i]! > 0) return true;
  return false;
};

/** Of all versions together: what policy did is not counted by version. */
function policyFamily(book: SignalBook, what: PolicyCount, side: Side, name: string, help: string): Family {
  return {
    name,
    help,
    type: "counter",
    labels: ["weft_caller", "weft_callee"],
    read: () => {
      const sums = new Map<string, { labels: Labels; value: number }>();
      for (const { of, counts } of book.all()) {
        const value = counts.totals[columnOf(what)]!;
        if (value === 0 || of.kind === "route" || of.side !== side) continue;
        const labels: Labels =
          of.kind === "edge"
            ? { weft_caller: of.caller, weft_callee: of.callee }
            : { weft_callee: of.service };
        const key = JSON.stringify(labels);
        sums.set(key, { labels, value: (sums.get(key)?.value ?? 0) + value });
      }
      return sums.values();
    },
  };
}

function expiryFamily(book: SignalBook): Family {
  return {
    name: "weft_credential_expiry_timestamp_seconds",
    help: "When a credential ends, in Unix time",
    type: "gauge",
    labels: ["weft_service", "weft_instance", "kind"],
    read: () =>
      book.instances.of().flatMap(({ service, instance, expiry = {} }) =>
        Object.entries(expiry).map(([kind, at]) => ({
          labels: { weft_service: service, weft_instance: instance, kind },
          value: at / 1000,
        })),
      ),
  };
}

const labelsOf = ({ of }: Series): Labels => {
  if (of.kind !== "edge") return {};
  const { caller, callee, version } = of;
  return {
    weft_caller: caller,
    weft_callee: callee,
    ...(version === "" ? {} : { weft_version: version }),
  };
};
