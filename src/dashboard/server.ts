import { type FastifyRequest, fastify } from "fastify";
import type { Log } from "../registry/drops.ts";
import { cutUrl, errorHandler, failure, onClientError } from "../registry/http/errors.ts";
import { isLoopback } from "../registry/http/loopback.ts";
import { guard } from "./serve/guard.ts";
import { addIdentityRoutes } from "./serve/identity-routes.ts";
import { addPageFiles } from "./serve/page-files.ts";
import { addRegistryRoutes } from "./serve/registry-routes.ts";
import { addSessionRoutes, sessionOf } from "./serve/session-routes.ts";
import { Sessions } from "./serve/sessions.ts";

export interface DashboardOptions {
  /** Only an address of this machine itself is taken. */
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Base URL of the registry's HTTP API. */
  readonly registryUrl: string;
  readonly adminToken: () => string | undefined;
  /** Where the authority of the mesh keeps its files. */
  readonly stateDir: string;
  /** Folder of the built pages. */
  readonly pages: string;
  readonly log: Log;
  /** Unix ms. */
  readonly now?: () => number;
}

export class DashboardError extends Error {
  override readonly name = "DashboardError";
}

/**
 * Serves the dashboard.
 * @throws DashboardError when the address is not this machine's own, or the port is taken
 */
export async function serveDashboard(
  options: DashboardOptions,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const { host, port } = options;
  if (!isLoopback(host))
    throw new DashboardError(
      `the dashboard shows the mesh to whoever reaches it, so it does not listen on ${host}: give 127.0.0.1, and reach it from elsewhere with ssh -L`,
    );
  const app = createDashboard(options);
  try {
    const url = await app.listen({ host, port });
    return { url, close: () => app.close() };
  } catch (error) {
    await app.close();
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    throw new DashboardError(
      `port ${port} of ${host} is taken: give the dashboard another one (0 picks a free one), or stop what listens there`,
      { cause: error },
    );
  }
}

/** The fastify app with every route, not yet listening. */
export function createDashboard(options: DashboardOptions) {
  const { registryUrl, adminToken, stateDir, pages, log, now = Date.now } = options;
  const onError = errorHandler(log);
  const app = fastify({
    forceCloseConnections: true,
    frameworkErrors: (error, request, reply) => void onError(error, request, reply),
    clientErrorHandler: onClientError,
  });
  app.addHook("onRequest", guard);
  app.setErrorHandler(onError);
  app.setNotFoundHandler(({ method, url }, reply) =>
    reply.code(404).send(failure("unknown-route", `there is no ${method} ${cutUrl(url)} in the dashboard`)),
  );
  const sessions = new Sessions(now);
  const isSignedIn = (request: FastifyRequest) => sessions.has(sessionOf(request));
  addPageFiles(app, pages);
  addSessionRoutes(app, { sessions, adminToken });
  addRegistryRoutes(app, { registryUrl, adminToken, isSignedIn });
  addIdentityRoutes(app, { stateDir, now, isSignedIn });
  return app;
}
