import type { CallMeter } from "./call-meter.ts";
import type { CallSeries } from "./call-series.ts";
import type { Family, Labels, Sample } from "./family.ts";
import { ISTIO } from "./histogram-samples.ts";

/** Istio's word for what a proxy cannot know. */
const UNKNOWN = "unknown";
/** There are no namespaces here; Istio's dashboards and Flagger ask for one. */
const NAMESPACE = "default";

const REQUESTS = "istio_requests_total";
const DURATION = "istio_request_duration_milliseconds";

const LABELS = [
  ...["reporter", "source_workload", "source_workload_namespace", "source_app", "source_version"],
  ...["destination_workload", "destination_workload_namespace", "destination_app", "destination_version"],
  ...["destination_service", "destination_service_name", "destination_service_namespace"],
  ...["request_protocol", "request_method", "route_name", "response_code", "response_flags", "weft_error"],
];

/**
 * The calls once more in the names of Istio (istio.io, Standard Metrics), so that dashboards made for it and Flagger
 * work. A series for each of ours, with three labels that Istio has not (`request_method`, `route_name`, `weft_error`):
 * if series were put together, one of them could be dropped as idle, and the sum would fall.
 * @param version of this instance
 * @param flagOf Envoy's response flag for a code of the mesh
 */
export function istioFamilies(
  { client, server }: { readonly client: CallMeter; readonly server: CallMeter },
  version: string,
  flagOf: (code: string) => string,
): Family[] {
  const samples = (of: (series: CallSeries, labels: Labels) => Iterable<Sample>): Sample[] => [
    ...[...client.series()].flatMap((series) => [...of(series, labelsOf(series, "source", version, flagOf))]),
    ...[...server.series()].flatMap((series) => [
      ...of(series, labelsOf(series, "destination", version, flagOf)),
    ]),
  ];
  return [
    {
      name: REQUESTS,
      help: "Calls, in Istio's names",
      type: "counter",
      labels: LABELS,
      read: () => samples((series, labels) => [{ labels, value: series.calls }]),
    },
    {
      name: DURATION,
      help: "Calls: duration, in Istio's names and buckets",
      type: "histogram",
      labels: LABELS,
      read: () => samples((series, labels) => series.samples(DURATION, labels, ISTIO)),
    },
  ];
}

function labelsOf(
  series: CallSeries,
  reporter: "source" | "destination",
  own: string,
  flagOf: (code: string) => string,
): Labels {
  const { weft_caller, weft_callee, weft_version, http_request_method, http_route } = series.labels;
  const [caller, callee] = [String(weft_caller || UNKNOWN), String(weft_callee || UNKNOWN)];
  const sourceVersion = reporter === "source" ? own : undefined;
  const version = reporter === "source" ? weft_version : own;
  return {
    reporter,
    source_workload: workload(caller, sourceVersion),
    source_workload_namespace: NAMESPACE,
    source_app: caller,
    source_version: sourceVersion ?? UNKNOWN,
    destination_workload: workload(callee, version),
    destination_workload_namespace: NAMESPACE,
    destination_app: callee,
    destination_version: version ?? UNKNOWN,
    destination_service: `${callee}.mesh`,
    destination_service_name: callee,
    destination_service_namespace: NAMESPACE,
    request_protocol: "http",
    request_method: http_request_method ?? "",
    ...(http_route === undefined ? {} : { route_name: http_route }),
    // Istio has 0 where a caller left.
    response_code: series.status ?? 0,
    response_flags: series.code === "" ? "-" : flagOf(series.code),
    ...(series.code === "" ? {} : { weft_error: series.code }),
  };
}

/** As Kubernetes has a Deployment for each version, and as a route reads `orders-v2`: version 2 of orders. */
const workload = (service: string, version: string | number | undefined): string =>
  version === undefined || service === UNKNOWN ? service : `${service}-v${version}`;
