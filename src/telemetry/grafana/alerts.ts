import { quantile, rate, secondsLeft } from "./queries.ts";

export interface Alert {
  readonly alert: string;
  /** PromQL: it burns for each series that this gives. */
  readonly expr: string;
  /** How long it has to. */
  readonly for: string;
  readonly severity: "page" | "ticket";
  readonly summary: string;
  /** What to do first. */
  readonly cure: string;
}

const SPAN = "5m";
const HOUR = 3600;
/** A JWT is good for an hour and renewed at half of it: by then that has failed a few times. */
const JWT_LATE = HOUR / 4;
/** A certificate is good for a day and renewed with each JWT: hours away, not a day, is late. */
const LATE = 2 * HOUR;
/** A share says little of a few calls. */
const WORTH_IT = `${rate("weft_client_requests_total", "weft_callee", SPAN)} > 0.1`;

/** The median, as a slow version gets few calls: of few the slowest says nothing. */
const MEDIAN = quantile(0.5, 'weft_version!=""', "weft_callee, weft_version", SPAN);
const QUICKEST = `on (weft_callee) group_left () (min by (weft_callee) (${MEDIAN})`;
/** As the dashboard judges it: three times as slow as the quickest, and by so much that somebody notices. */
const MUCH_SLOWER = `(${MEDIAN} > ${QUICKEST} * 3)) > ${QUICKEST} + 0.05)`;
/** The median of all versions together, now and in the hour before it could have begun. */
const OF_SERVICE = quantile(0.5, "", "weft_callee", SPAN);
const USUAL = quantile(0.5, "", "weft_callee", "1h", "10m");
const CALLED = `${rate("weft_client_requests_total", "weft_callee, weft_version", SPAN)} > 0.02`;

const endsWithin = (where: string, seconds: number): string =>
  `${secondsLeft("weft_service, weft_instance, kind", where)} < ${seconds}`;

/** Of each callee: failures, but for callers that it turned away. Who is denied must not be able to have it page. */
const FAILURES = rate("weft_client_failed_total", "weft_callee", SPAN);
const TURNED_AWAY = rate('weft_client_errors_total{code=~"denied|unauthenticated"}', "weft_callee", SPAN);
/** Of names that nobody serves all but a few are this one: of it the callers are told (`WeftNamesUnserved`). */
const KNOWN = 'weft_callee!="_UNKNOWN"';
const CALLS = rate(`weft_client_requests_total{${KNOWN}}`, "weft_callee", SPAN);
const GOOD = `1 - (${FAILURES} - (${TURNED_AWAY} or ${FAILURES} * 0)) / (${CALLS} > 0)`;

export const ALERTS: readonly Alert[] = [
  {
    alert: "WeftCallsFail",
    expr: `${GOOD} < 0.95 and ${WORTH_IT}`,
    for: "2m",
    severity: "page",
    summary: "{{ $labels.weft_callee }}: only {{ $value | humanizePercentage }} of its calls succeed",
    cure: "weft edges {{ $labels.weft_callee }} shows whose calls and why; weft explain ID tells of one call",
  },
  {
    alert: "WeftCallsSlow",
    expr: `${quantile(0.99, "", "weft_callee", SPAN)} > 2 and on (weft_callee) ${WORTH_IT}`,
    for: "5m",
    severity: "ticket",
    summary: "p99 of {{ $labels.weft_callee }} is {{ $value | humanizeDuration }}",
    cure: "weft stat {{ $labels.weft_callee }} shows which version is slow",
  },
  {
    alert: "WeftVersionSlow",
    expr: `${MUCH_SLOWER} and on (weft_callee, weft_version) ${CALLED}`,
    for: "5m",
    severity: "ticket",
    summary:
      "{{ $labels.weft_callee }} v{{ $labels.weft_version }} is slow: half of its calls take more than {{ $value | humanizeDuration }}, three times as long as of another version",
    cure: "weft stat {{ $labels.weft_callee }} shows both; a route can send its calls to the other",
  },
  {
    alert: "WeftSlowerThanUsual",
    expr: `${OF_SERVICE} > 3 * ${USUAL} and ${OF_SERVICE} > ${USUAL} + 0.1 and on (weft_callee) ${WORTH_IT}`,
    for: "2m",
    severity: "ticket",
    summary:
      "{{ $labels.weft_callee }} is slow: half of its calls take more than {{ $value | humanizeDuration }}, three times as long as in the hour before",
    cure: "weft stat says it of what it calls, too: look there first; weft traces {{ $labels.weft_callee }} --slow shows where the time goes",
  },
  {
    alert: "WeftNoInstance",
    expr: `${rate(`weft_client_errors_total{code=~"no-instance|parked-expired",${KNOWN}}`, "weft_callee", SPAN)} > 0`,
    for: "1m",
    severity: "page",
    summary: "{{ $labels.weft_callee }} is called, and no instance is there",
    cure: "weft get instances; start one",
  },
  {
    alert: "WeftNamesUnserved",
    expr: `${rate('weft_client_errors_total{code="no-instance",weft_callee="_UNKNOWN"}', "weft_caller", SPAN)} > 0`,
    for: "5m",
    severity: "ticket",
    summary: "{{ $labels.weft_caller }} calls many names that nobody serves",
    cure: "weft edges {{ $labels.weft_caller }}; weft explain ID of such a call shows the name",
  },
  {
    alert: "WeftRetriesMany",
    expr: `${rate("weft_retry_attempts_total", "weft_callee", SPAN)} > 0.2 * ${rate("weft_client_requests_total", "weft_callee", SPAN)}`,
    for: "5m",
    severity: "ticket",
    summary: "more than a fifth of the calls to {{ $labels.weft_callee }} are retries",
    cure: "the failures are hidden, not gone: look at the callee",
  },
  {
    alert: "WeftCredentialEnds",
    expr: `${endsWithin('kind="jwt"', JWT_LATE)} or ${endsWithin('kind!="jwt"', LATE)}`,
    for: "1m",
    severity: "page",
    summary:
      "the {{ $labels.kind }} of {{ $labels.weft_service }} ({{ $labels.weft_instance }}) ends in {{ $value | humanizeDuration }}",
    cure: "the authority is away, or refuses it: weft check; the sidecar's log says why",
  },
  {
    alert: "WeftDenied",
    expr: `${rate('weft_client_errors_total{code="denied"}', "weft_caller, weft_callee", SPAN)} > 0`,
    for: "5m",
    severity: "ticket",
    summary: "{{ $labels.weft_caller }} is denied at {{ $labels.weft_callee }}, again and again",
    cure: "weft authz {{ $labels.weft_callee }} lists who may call",
  },
  {
    alert: "WeftInstanceDown",
    expr: 'sum by (weft_service, weft_version) (weft_instances{state="down"}) > 0',
    for: "5m",
    severity: "ticket",
    summary:
      "an instance of {{ $labels.weft_service }} v{{ $labels.weft_version }} is there, and its app is not healthy",
    cure: "weft get instances; look at the app's log",
  },
  {
    alert: "WeftInstanceSilent",
    expr: 'sum by (weft_service, weft_version) (weft_instances{state="silent"}) > 0',
    for: "30s",
    severity: "ticket",
    summary:
      "an instance of {{ $labels.weft_service }} v{{ $labels.weft_version }} went without a word: it died, or is cut off from the broker",
    cure: "weft get instances names it; one that is replaced is told for ten minutes",
  },
  {
    alert: "WeftBrokerAway",
    expr: "absent(weft_broker_info)",
    for: "1m",
    severity: "page",
    summary: "no server of the broker answers the registry, or the registry is not scraped",
    cure: "weft check; look at the log of nats-server",
  },
  {
    alert: "WeftAuthorityAway",
    expr: "weft_authority_up == 0",
    for: "15s",
    severity: "page",
    summary: "the authority does not answer: nobody new joins, and identities end one after the other",
    cure: "weft check names its process; look at authority.log of the state folder",
  },
  {
    alert: "WeftSidecarCutOff",
    expr: "weft_broker_connected == 0",
    for: "1m",
    severity: "page",
    summary: "the sidecar at {{ $labels.instance }} has no connection to the broker",
    cure: "the network between them, or the sidecar's credentials: its log says which",
  },
  {
    alert: "WeftSlowConsumers",
    expr: "sum by (weft_server) (increase(weft_broker_slow_consumers_total[10m])) > 0",
    for: "0s",
    severity: "ticket",
    summary: "{{ $labels.weft_server }} cut connections that did not read what it sent",
    cure: "a sidecar has too little CPU, or its network is slow",
  },
  {
    alert: "WeftClockSkew",
    expr: "abs(weft_broker_clock_skew_seconds) > 30",
    for: "5m",
    severity: "ticket",
    summary: "the clock of {{ $labels.weft_server }} is {{ $value | humanizeDuration }} off the registry's",
    cure: "credentials are judged by clocks: look at NTP of both machines",
  },
];

/** The rules as Prometheus reads them, as data: written as YAML, a file of `rule_files`. */
export const alertRules = (): object => ({
  groups: [
    {
      name: "weft",
      rules: ALERTS.map(({ alert, expr, for: howLong, severity, summary, cure }) => ({
        ...{ alert, expr, for: howLong, labels: { severity }, annotations: { summary, cure } },
      })),
    },
  ],
});
