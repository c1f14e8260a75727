import type { Family, Labels } from "../../telemetry/family.ts";
import type { HeardServer } from "./broker-desk.ts";

/** What the servers of the broker say of the mesh's account, for Prometheus; nothing of one that does not answer. */
export function brokerFamilies(servers: () => readonly HeardServer[]): Family[] {
  const family = (
    type: "counter" | "gauge",
    name: string,
    help: string,
    valuesOf: (server: HeardServer) => readonly (readonly [Labels, number | undefined])[],
    ...further: readonly string[]
  ): Family => ({
    ...{ name, help, type },
    labels: ["weft_server", ...further],
    read: () =>
      servers().flatMap((one) =>
        valuesOf(one).flatMap(([labels, value]) =>
          value === undefined ? [] : [{ labels: { weft_server: one.server, ...labels }, value }],
        ),
      ),
  });
  const one = (
    type: "counter" | "gauge",
    name: string,
    help: string,
    pick: (server: HeardServer) => number | undefined,
  ): Family => family(type, name, help, (server) => [[{}, pick(server)]]);
  return [
    family(
      "gauge",
      "weft_broker_info",
      "A server of the broker that answers",
      ({ version }) => [[{ version }, 1]],
      "version",
    ),
    one(
      "gauge",
      "weft_broker_answer_seconds",
      "How long the server took to answer the registry",
      ({ answerMs }) => answerMs / 1000,
    ),
    one(
      "gauge",
      "weft_broker_clock_skew_seconds",
      "Clock of the server less that of the registry",
      ({ skewMs }) => (Number.isFinite(skewMs) ? skewMs / 1000 : undefined),
    ),
    one(
      "gauge",
      "weft_broker_connections",
      "Connections of the mesh's users to the server",
      ({ connections }) => connections,
    ),
    one(
      "counter",
      "weft_broker_connects_total",
      "Connections that there were since the server's start",
      ({ connects }) => connects,
    ),
    one(
      "gauge",
      "weft_broker_subscriptions",
      "Subscriptions of the mesh's users; not known of nats-server before 2.10",
      ({ subscriptions }) => subscriptions,
    ),
    family(
      "counter",
      "weft_broker_messages_total",
      "Messages that the server got from the mesh's users (in), and sent to them (out)",
      ({ received, sent }) => [
        [{ direction: "in" }, received.msgs],
        [{ direction: "out" }, sent.msgs],
      ],
      "direction",
    ),
    family(
      "counter",
      "weft_broker_bytes_total",
      "Bytes of these messages",
      ({ received, sent }) => [
        [{ direction: "in" }, received.bytes],
        [{ direction: "out" }, sent.bytes],
      ],
      "direction",
    ),
    one(
      "counter",
      "weft_broker_slow_consumers_total",
      "Connections that the server cut because they did not read what it sent",
      ({ slowConsumers }) => slowConsumers,
    ),
  ];
}
