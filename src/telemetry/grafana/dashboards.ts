import type { Dashboard } from "./panel.ts";
import { quantile, rate, secondsLeft, success } from "./queries.ts";

const overview: Dashboard = {
  uid: "weft-overview",
  title: "Weft: overview",
  about: "How all calls of the mesh go, as their callers see them",
  panels: [
    {
      ...{ title: "Calls", as: "number", unit: "reqps", width: 6 },
      queries: { calls: rate("weft_client_requests_total") },
    },
    {
      ...{ title: "Success", as: "number", unit: "percentunit", width: 6 },
      queries: { success: success("") },
    },
    { ...{ title: "p99", as: "number", unit: "s", width: 6 }, queries: { p99: quantile(0.99, "") } },
    {
      ...{ title: "Instances up", as: "number", unit: "short", width: 6 },
      queries: { up: 'sum(weft_instances{state="up"})' },
    },
    {
      ...{ title: "Calls by callee", as: "lines", unit: "reqps" },
      queries: { "{{weft_callee}}": rate("weft_client_requests_total", "weft_callee") },
    },
    {
      ...{ title: "Success by callee", as: "lines", unit: "percentunit" },
      queries: { "{{weft_callee}}": success("", "weft_callee") },
    },
    {
      ...{ title: "p99 by callee", as: "lines", unit: "s" },
      queries: { "{{weft_callee}}": quantile(0.99, "", "weft_callee") },
    },
    {
      ...{ title: "Ended by the mesh", as: "lines", unit: "reqps" },
      about: "By code: CODES.md says what each means, and what to do",
      queries: { "{{code}}": rate("weft_client_errors_total", "code") },
    },
    {
      ...{ title: "What policy did", as: "lines", unit: "cps" },
      queries: {
        retries: `${rate("weft_retry_attempts_total")} or vector(0)`,
        hedges: `${rate("weft_hedge_attempts_total")} or vector(0)`,
        ejections: `${rate("weft_ejections_total")} or vector(0)`,
        parked: `${rate("weft_parked_total")} or vector(0)`,
        "rate limited": `${rate("weft_rate_limited_total")} or vector(0)`,
        shed: `${rate("weft_shed_total")} or vector(0)`,
      },
    },
    {
      ...{ title: "Instances", as: "lines", unit: "short" },
      queries: { "{{weft_service}} {{state}}": "sum by (weft_service, state) (weft_instances)" },
    },
    {
      ...{ title: "Failures by edge", as: "table", unit: "reqps", width: 24 },
      queries: { failures: rate("weft_client_failed_total", "weft_caller, weft_callee, weft_version") },
    },
  ],
};

const TO = 'weft_callee="$service"';
const FROM = 'weft_caller="$service"';

const service: Dashboard = {
  uid: "weft-service",
  title: "Weft: service",
  about: "The golden signals of one service, in and out",
  choices: { service: { metric: "weft_client_requests_total", label: "weft_callee" } },
  panels: [
    {
      ...{ title: "Calls to it, by version", as: "lines", unit: "reqps" },
      queries: { "v{{weft_version}}": rate(`weft_client_requests_total{${TO}}`, "weft_version") },
    },
    {
      ...{ title: "Success, by version", as: "lines", unit: "percentunit" },
      queries: { "v{{weft_version}}": success(TO, "weft_version") },
    },
    {
      ...{ title: "Duration", as: "lines", unit: "s" },
      queries: { p50: quantile(0.5, TO), p90: quantile(0.9, TO), p99: quantile(0.99, TO) },
    },
    {
      ...{ title: "Calls to it, by caller", as: "lines", unit: "reqps" },
      queries: { "{{weft_caller}}": rate(`weft_client_requests_total{${TO}}`, "weft_caller") },
    },
    {
      ...{ title: "Calls to it, by status", as: "lines", unit: "reqps" },
      queries: { "{{status_class}}": rate(`weft_client_requests_total{${TO}}`, "status_class") },
    },
    {
      ...{ title: "p99, by version", as: "lines", unit: "s" },
      queries: { "v{{weft_version}}": quantile(0.99, TO, "weft_version") },
    },
    {
      ...{ title: "What policy did", as: "lines", unit: "cps" },
      queries: {
        retries: `${rate(`weft_retry_attempts_total{${TO}}`)} or vector(0)`,
        hedges: `${rate(`weft_hedge_attempts_total{${TO}}`)} or vector(0)`,
        ejections: `${rate(`weft_ejections_total{${TO}}`)} or vector(0)`,
        parked: `${rate(`weft_parked_total{${TO}}`)} or vector(0)`,
      },
    },
    {
      ...{ title: "As it sees its callers itself", as: "lines", unit: "reqps" },
      queries: { "{{weft_caller}}": rate(`weft_server_requests_total{${TO}}`, "weft_caller") },
    },
    {
      ...{ title: "Instances", as: "lines", unit: "short" },
      queries: {
        "v{{weft_version}} {{state}}":
          'sum by (weft_version, state) (weft_instances{weft_service="$service"})',
      },
    },
    {
      ...{ title: "Calls from it, by callee", as: "lines", unit: "reqps", width: 12 },
      queries: {
        "{{weft_callee}}": `${rate(`weft_client_requests_total{${FROM}}`, "weft_callee")} or vector(0)`,
      },
    },
    {
      ...{ title: "Failures of these", as: "lines", unit: "reqps", width: 12 },
      queries: {
        "{{weft_callee}}": `${rate(`weft_client_failed_total{${FROM}}`, "weft_callee")} or vector(0)`,
      },
    },
  ],
};

const identity: Dashboard = {
  uid: "weft-identity",
  title: "Weft: identity",
  about: "Whose credentials end when, and who is denied",
  panels: [
    {
      ...{ title: "The next one ends in", as: "number", unit: "s", width: 12 },
      about:
        "Sidecars renew at half of a JWT's hour, the certificate with it: less than a quarter of an hour left means that it did not work",
      queries: { "{{kind}}": secondsLeft("kind") },
    },
    {
      ...{ title: "Denied calls", as: "number", unit: "reqps", width: 12 },
      queries: { denied: `${rate('weft_client_errors_total{code="denied"}')} or vector(0)` },
    },
    {
      ...{ title: "Time left, by service", as: "lines", unit: "s", width: 12 },
      queries: { "{{weft_service}} {{kind}}": secondsLeft("weft_service, kind") },
    },
    {
      ...{ title: "Denied and unauthenticated calls, by code", as: "lines", unit: "reqps", width: 12 },
      queries: {
        denied: `${rate('weft_client_errors_total{code="denied"}')} or vector(0)`,
        unauthenticated: `${rate('weft_client_errors_total{code="unauthenticated"}')} or vector(0)`,
        "issuer away": `${rate('weft_client_errors_total{code="issuer-away"}')} or vector(0)`,
      },
    },
    {
      ...{ title: "Instances and their time left", as: "table", unit: "s", width: 24 },
      queries: { left: secondsLeft("weft_service, weft_instance, kind") },
    },
  ],
};

const broker: Dashboard = {
  uid: "weft-broker",
  title: "Weft: broker",
  about: "nats-server, as it counts the mesh's own account; and the registry",
  panels: [
    {
      ...{ title: "Servers that answer", as: "number", unit: "short", width: 6 },
      queries: { servers: "count(weft_broker_info)" },
    },
    {
      ...{ title: "Connections", as: "number", unit: "short", width: 6 },
      queries: { connections: "sum(weft_broker_connections)" },
    },
    {
      ...{ title: "Slowest answer", as: "number", unit: "s", width: 6 },
      queries: { answer: "max(weft_broker_answer_seconds)" },
    },
    {
      ...{ title: "Cut as slow, in an hour", as: "number", unit: "short", width: 6 },
      queries: { cut: "sum(increase(weft_broker_slow_consumers_total[1h]))" },
    },
    {
      ...{ title: "Messages", as: "lines", unit: "cps" },
      queries: {
        "{{weft_server}} {{direction}}": rate("weft_broker_messages_total", "weft_server, direction"),
      },
    },
    {
      ...{ title: "Bytes", as: "lines", unit: "Bps" },
      queries: { "{{weft_server}} {{direction}}": rate("weft_broker_bytes_total", "weft_server, direction") },
    },
    {
      ...{ title: "Connections", as: "lines", unit: "short" },
      queries: { "{{weft_server}}": "sum by (weft_server) (weft_broker_connections)" },
    },
    {
      ...{ title: "New connections", as: "lines", unit: "cps" },
      about: "Many at a time: sidecars lose theirs, and come again",
      queries: { "{{weft_server}}": rate("weft_broker_connects_total", "weft_server") },
    },
    {
      ...{ title: "Clock of a server less the registry's", as: "lines", unit: "s" },
      queries: { "{{weft_server}}": "weft_broker_clock_skew_seconds" },
    },
    {
      ...{ title: "Messages that the registry dropped", as: "lines", unit: "cps" },
      queries: { "{{kind}}": `${rate("weft_registry_dropped_total", "kind")} or vector(0)` },
    },
  ],
};

/** For people who have Prometheus and Grafana; made for a scrape of the registry, of sidecars, or of both apart. */
export const DASHBOARDS: readonly Dashboard[] = [overview, service, identity, broker];
