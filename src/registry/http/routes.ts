import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Bus } from "../../bus/bus.ts";
import type { Catalog } from "../catalog.ts";
import type { Drops } from "../drops.ts";
import type { Ejections, Registry } from "../registry.ts";
import type { Keeper } from "../store/keeper.ts";
import {
  errorAnswer,
  healthAnswer,
  instancesAnswer,
  instancesQuery,
  serviceAnswer,
  serviceParams,
  servicesAnswer,
  versionsAnswer,
  watchQuery,
} from "./schemas.ts";
import { headOf, healthOf, instancesOf, oneServiceOf, servicesOf, versionsOf } from "./views.ts";
import type { Watchers } from "./watch.ts";

export interface RouteDeps {
  readonly bus: Bus;
  readonly catalog: Catalog;
  readonly registry: Registry;
  readonly keeper: Keeper;
  readonly drops: Drops;
  readonly watchers: Watchers;
  /** Nothing is shown of them when it is absent. */
  readonly ejections?: (() => Ejections) | undefined;
  /** Adds the routes of what runs in the registry's process besides, in a scope of its own. */
  readonly addMore?: (app: App) => void;
}

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

export function addRoutes(app: App, deps: RouteDeps): void {
  const { bus, catalog, registry, keeper, drops, watchers, ejections = () => new Map() } = deps;

  app.get(
    "/v1/services",
    { schema: { summary: "Every service that is known", response: { 200: servicesAnswer } } },
    async () => servicesOf(catalog, ejections()),
  );

  app.get(
    "/v1/services/:service",
    {
      schema: {
        summary: "One service and its instances",
        params: serviceParams,
        response: { 200: serviceAnswer, 404: errorAnswer },
      },
    },
    async ({ params }, reply) => {
      const known = catalog.services.get(params.service);
      return known
        ? oneServiceOf(catalog, known, ejections())
        : reply.code(404).send(unknownService(params.service));
    },
  );

  app.get(
    "/v1/services/:service/versions",
    {
      schema: {
        summary: "The versions of one service",
        params: serviceParams,
        response: { 200: versionsAnswer, 404: errorAnswer },
      },
    },
    async ({ params }, reply) => {
      const known = catalog.services.get(params.service);
      return known ? versionsOf(catalog, known) : reply.code(404).send(unknownService(params.service));
    },
  );

  app.get(
    "/v1/instances",
    {
      schema: {
        summary: "Instances, of every service or those that match",
        querystring: instancesQuery,
        response: { 200: instancesAnswer, 400: errorAnswer },
      },
    },
    async ({ query }) => ({ ...headOf(catalog), instances: instancesOf(catalog, query, ejections()) }),
  );

  app.get(
    "/v1/watch",
    {
      schema: {
        summary: "Server-sent events: a snapshot, then each instance that is up or gone",
        description:
          "With Last-Event-ID the events since then, or a snapshot when they are not all known any more. A reader that leaves more than 1 MiB unread is cut off.",
        querystring: watchQuery,
        headers: z.object({ "last-event-id": z.string().optional() }),
        response: {
          200: {
            description: "events named snapshot, up and gone",
            content: { "text/event-stream": { schema: z.string() } },
          },
          503: errorAnswer,
        },
      },
    },
    async ({ query, headers }, reply) => {
      if (watchers.full)
        return reply.code(503).send({
          error: {
            code: "too-many-watchers",
            message: `${watchers.count} readers watch already: close some, or read /v1/instances now and then`,
          },
        });
      reply.hijack();
      watchers.add(reply.raw, query.service, headers["last-event-id"]);
    },
  );

  app.get(
    "/v1/health",
    { schema: { summary: "How the registry itself is", response: { 200: healthAnswer } } },
    async () =>
      healthOf({
        catalog,
        settled: registry.settled,
        broker: bus.state,
        store: keeper.state,
        watchers: watchers.count,
        drops: drops.counts(),
      }),
  );

  app.get(
    "/openapi.json",
    { schema: { summary: "This description", response: { 200: z.record(z.string(), z.unknown()) } } },
    async () => app.swagger() as unknown as Record<string, unknown>,
  );
}

const unknownService = (service: string) => ({
  error: {
    code: "unknown-service",
    message: `no service ${JSON.stringify(service.slice(0, 63))} was ever heard of: /v1/services lists those that were`,
  },
});
