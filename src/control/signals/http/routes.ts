import { z } from "zod";
import { parseDuration } from "../../../protocol/duration.ts";
import type { App } from "../../../registry/http/routes.ts";
import { errorAnswer, serviceParams } from "../../../registry/http/schemas.ts";
import { expositionOf } from "../../../telemetry/exposition.ts";
import type { Family } from "../../../telemetry/family.ts";
import { METRICS_CONTENT_TYPE } from "../../../telemetry/metrics.ts";
import type { Signals } from "../view/signals.ts";
import { graphAnswer, graphQuery, signalsAnswer, signalsQuery, streamQuery } from "./schemas.ts";
import type { SignalStream } from "./stream.ts";

export interface SignalRouteDeps {
  readonly signals: Signals;
  readonly stream: SignalStream;
  /** What `/v1/metrics` shows. */
  readonly families: readonly Family[];
}

/** The signals over HTTP, in a scope of the registry's API. */
export function addSignalRoutes(app: App, { signals, stream, families }: SignalRouteDeps): void {
  const exposition = expositionOf(families);
  app.addHook("preClose", async () => stream.close());

  app.get(
    "/v1/graph",
    {
      schema: {
        summary: "Who calls whom, and how that goes",
        querystring: graphQuery,
        response: { 200: graphAnswer, 400: errorAnswer },
      },
    },
    async ({ query: { window, at } }) => signals.graph(parseDuration(window)!, at),
  );

  app.get(
    "/v1/signals/stream",
    {
      schema: {
        summary: "Server-sent events: the graph, at once and every 5 s",
        description: "A reader that leaves more than 1 MiB unread is cut off.",
        querystring: streamQuery,
        response: {
          200: {
            description: "events named graph",
            content: { "text/event-stream": { schema: z.string() } },
          },
          503: errorAnswer,
        },
      },
    },
    async ({ query: { window } }, reply) => {
      if (stream.full) {
        const message = "too many read this stream already: close some, or read /v1/graph now and then";
        return reply.code(503).send({ error: { code: "too-many-watchers", message } });
      }
      reply.hijack();
      stream.add(reply.raw, parseDuration(window)!);
    },
  );

  app.get(
    "/v1/signals/:service",
    {
      schema: {
        summary: "The golden signals of one service, in and out, over time",
        params: serviceParams,
        querystring: signalsQuery,
        response: { 200: signalsAnswer, 400: errorAnswer, 404: errorAnswer },
      },
    },
    async ({ params: { service }, query: { window, at, by } }, reply) => {
      const found = signals.service(service, parseDuration(window)!, by, at);
      if (found !== undefined) return found;
      const message = `no service ${JSON.stringify(service.slice(0, 63))} was heard of: /v1/graph lists those that were`;
      return reply.code(404).send({ error: { code: "unknown-service", message } });
    },
  );

  app.get(
    "/v1/metrics",
    {
      schema: {
        summary:
          "Everything for Prometheus, instead of a scrape of each sidecar: for a small mesh. It has the broker and the registry, too",
        response: { 200: { description: "text", content: { "text/plain": { schema: z.string() } } } },
      },
    },
    async (_, reply) => reply.type(METRICS_CONTENT_TYPE).send(await exposition.metrics()),
  );
}
