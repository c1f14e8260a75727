import swagger from "@fastify/swagger";
import { type FastifyError, fastify } from "fastify";
import {
  hasZodFastifySchemaValidationErrors,
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from "fastify-type-provider-zod";
import type { Log } from "../drops.ts";
import { isLoopback, namesLoopback } from "./loopback.ts";
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
  const app = fastify({
    forceCloseConnections: true,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.addHook("onRequest", async (request, reply) => {
    if (namesLoopback(request.headers.host)) return;
    const message = "this API answers only to localhost and 127.0.0.1: ask for it by one of these names";
    await reply.code(403).send({ error: { code: "host-not-loopback", message } });
  });
  app.setNotFoundHandler((request, reply) => {
    const message = `there is no ${request.method} ${request.url}: /openapi.json lists what there is`;
    return reply.code(404).send({ error: { code: "unknown-route", message } });
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (hasZodFastifySchemaValidationErrors(error)) {
      const where = error.validation.map(
        ({ instancePath, message }) => `${instancePath.slice(1)}: ${message}`,
      );
      const message = `${error.validationContext} is wrong at ${where.join("; ")}`;
      return reply.code(400).send({ error: { code: "bad-request", message } });
    }
    const status = error.statusCode ?? 500;
    if (status < 500)
      return reply.code(status).send({ error: { code: "bad-request", message: error.message } });
    log.error({ url: request.url, cause: error.message }, "the registry's HTTP API failed");
    const message = `${request.url} failed in the registry: its log says why`;
    return reply.code(500).send({ error: { code: "internal", message } });
  });
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
