import type { CallMeter } from "./call-meter.ts";
import type { EdgeTally } from "./edge-tally.ts";
import { type Family, type Labels, type Sample, single } from "./family.ts";

/** The classes of status, in the order of `EdgeTally.statuses`; `none` is a caller that left before there was one. */
export const STATUS_CLASSES = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"] as const;

/** Labels of an edge: who calls whom, which version of it. */
export const EDGE = ["weft_caller", "weft_callee", "weft_version"] as const;

const CALL = ["http_request_method", "http_response_status_code", "error_type", ...EDGE, "http_route"];

/** What one side of a sidecar shows of its calls. */
export function callFamilies(meter: CallMeter): Family[] {
  const { side, mirrored } = meter;
  const kind = mirrored ? `mirror_${side}` : side;
  const duration = `${mirrored ? "weft" : "http"}_${kind}_request_duration_seconds`;
  const prefix = `weft_${kind}`;
  const what = mirrored ? "Copies of calls (RequestMirror)" : "Calls";
  return [
    {
      name: duration,
      help: `${what}: duration, on the ${side}'s side`,
      type: "histogram",
      labels: CALL,
      read: () => [...meter.series()].flatMap((series) => [...series.samples(duration)]),
    },
    ...(mirrored ? [] : endFamilies(meter)),
    {
      name: `${prefix}_errors_total`,
      help: `${what} that the mesh ended by itself, by code`,
      type: "counter",
      labels: ["code"],
      read: () => [...meter.errors].map(([code, value]) => ({ labels: { code }, value })),
    },
    single(
      "gauge",
      `${prefix}_calls_in_flight`,
      `${what} that began and have not ended`,
      () => meter.inFlight,
    ),
    single(
      "counter",
      `${prefix}_attempts_total`,
      `${what} that ended: their attempts; more than calls means retries`,
      () => meter.attempts,
    ),
    ...(side === "client" && !mirrored ? [injectedFamily(meter)] : []),
  ];
}

/** Of each edge, in the names that the registry's `/v1/metrics` has too: the same queries do for both. */
function endFamilies(meter: CallMeter): Family[] {
  const { side, service } = meter;
  const samples = (of: (labels: Labels, tally: EdgeTally) => Sample[]): Sample[] =>
    [...meter.tallies()].flatMap((tally) =>
      of(
        {
          weft_caller: side === "client" ? service : tally.peer,
          weft_callee: side === "client" ? tally.peer : service,
          ...(tally.version === "" ? {} : { weft_version: tally.version }),
        },
        tally,
      ),
    );
  return [
    {
      name: `weft_${side}_requests_total`,
      help: "Calls, by class of status; none: the caller left before there was one",
      type: "counter",
      labels: [...EDGE, "status_class"],
      read: () =>
        samples((labels, { statuses }) =>
          STATUS_CLASSES.flatMap((status_class, i) =>
            statuses[i] === 0 ? [] : [{ labels: { ...labels, status_class }, value: statuses[i]! }],
          ),
        ),
    },
    {
      name: `weft_${side}_failed_total`,
      help: "Calls that were answered with 5xx or ended by the mesh, but for those that the caller gave up",
      type: "counter",
      labels: EDGE,
      read: () => samples((labels, { failed }) => [{ labels, value: failed }]),
    },
  ];
}

const injectedFamily = (meter: CallMeter): Family => ({
  name: "weft_client_injected_faults_total",
  help: "Calls with a fault that policy put in, by kind",
  type: "counter",
  labels: ["fault"],
  read: () => [...meter.injected].map(([fault, value]) => ({ labels: { fault }, value })),
});
