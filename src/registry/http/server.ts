import swagger from "@fastify/swagger";
import { fastify } from "fastify";
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from "fastify-type-provider-zod";
import { z } from "zod";
import type { Log } from "../drops.ts";
import { cutUrl, errorHandler, failure, onClientError } from "./errors.ts";
import { isLoopback, namesLoopback } from "./loopback.ts";
import { Methods } from "./methods.ts";
import { addRoutes, type RouteDeps } from "./routes.ts";

export interface HttpOptions {
  /** `127.0.0.1` by default; only an address of this machine itself is taken. */
  readonly host?: string;
  /** 0 picks a free one. */
  readonly port: number;
}

/** A name in a path may be long, and each of its bytes written as `%XX`. */
const MAX_PARAM_LENGTH = 1024;

export class HttpApiError extends Error {
  override readonly name = "HttpApiError";
}

/**
 * Serves the HTTP API.
 * @throws HttpApiError when the address is not this machine's own, or the port is taken
 */
export async function serveHttp(
  { host = "127.0.0.1", port }: HttpOptions,
  deps: RouteDeps,
  log: Log,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  if (!isLoopback(host))
    throw new HttpApiError(
      `the registry's HTTP API has no login, so it does not listen on ${host}: give 127.0.0.1, and reach it from elsewhere through ssh or a proxy that asks who is there`,
    );
  const app = await createApi(deps, log);
  try {
    const url = await app.listen({ host, port });
    return { url, close: () => app.close() };
  } catch (error) {
    await app.close();
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE")
      throw new HttpApiError(
        `port ${port} of ${host} is taken: give the registry's HTTP API another one (0 picks a free one), or stop what listens there`,
        { cause: error },
      );
    throw error;
  }
}

/** The fastify app with every route, not yet listening. */
export async function createApi(deps: RouteDeps, log: Log) {
  const onError = errorHandler(log);
  const app = fastify({
    forceCloseConnections: true,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    frameworkErrors: (error, request, reply) => void onError(error, request, reply),
    clientErrorHandler: onClientError,
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.addHook("onRequest", async (request, reply) => {
    if (namesLoopback(request.headers.host)) return;
    const message = "this API answers only to localhost and 127.0.0.1: ask for it by one of these names";
    await reply.code(403).send({ error: { code: "host-not-loopback", message } });
  });
  const methods = new Methods();
  app.addHook("onRoute", (route) => {
    methods.add(route);
    // A parameter that nobody reads is a mistake of who sends it.
    if (route.schema !== undefined) route.schema.querystring ??= z.strictObject({});
  });
  app.setNotFoundHandler((request, reply) => {
    const { method, url } = request;
    const allowed = methods.of(url).join(", ");
    if (allowed === "") {
      const message = `there is no ${method} ${cutUrl(url)}: /openapi.json lists what there is`;
      return reply.code(404).send(failure("unknown-route", message));
    }
    const message = `${cutUrl(url)} takes no ${method}: send ${allowed}`;
    return reply.code(405).header("allow", allowed).send(failure("method-not-allowed", message));
  });
  app.setErrorHandler(onError);
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Weft registry",
        version: "1",
        description: "What runs in the mesh, on loopback. What changes something needs the admin token.",
      },
      components: { securitySchemes: { admin: { type: "http", scheme: "bearer" } } },
    },
    transform: jsonSchemaTransform,
  });
  await app.register(async (scope) => addRoutes(scope.withTypeProvider<ZodTypeProvider>(), deps));
  await app.register(async (scope) => deps.addMore?.(scope.withTypeProvider<ZodTypeProvider>()));
  app.addHook("preClose", async () => deps.watchers.close());
  await app.ready();
  return app;
}
