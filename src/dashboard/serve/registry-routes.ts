import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { failure } from "../../registry/http/errors.ts";
import { guardedHeaders } from "./guard.ts";

export interface RegistryDeps {
  /** Base URL of the registry's HTTP API. */
  readonly registryUrl: string;
  readonly adminToken: () => string | undefined;
  readonly isSignedIn: (request: FastifyRequest) => boolean;
}

/** What of the registry everybody on this machine may read here, as they may there. */
const OPEN =
  /^\/v1\/(?:health|instances|services|sidecars|policy|graph|traces|watch|signals\/(?:stream|[a-z0-9-]{1,63})|services\/[a-z0-9-]{1,63}|policy\/history(?:\/\d{1,15})?)$/;
/** What tells more there to who has the admin token, and here to who has a session: a trace has paths then. */
const MORE_SIGNED_IN = /^\/v1\/traces\/[0-9a-f]{32}$/;
/** What takes the admin token there takes a session here. None that begins with a dot, or has a slash in it, leads elsewhere. */
const SIGNED_IN = {
  GET: /^\/v1\/explain\/(?!\.|%2e)(?:[\w.~!$&'()*+,;=:@-]|%(?!2f|5c|00)[0-9a-f]{2}){1,200}$/i,
  POST: /^\/v1\/policy\/rollback$/,
};

const HEAD_WITHIN_MS = 10_000;

/** Hands on what the pages may ask the registry, and nothing else: `/api/v1/…` here is `/v1/…` there. */
export function addRegistryRoutes(app: FastifyInstance, deps: RegistryDeps): void {
  app.get("/api/v1/*", async (request, reply) => {
    const path = pathOf(request);
    if (MORE_SIGNED_IN.test(path)) return handOn(deps, request, reply, deps.isSignedIn(request));
    if (SIGNED_IN.GET.test(path))
      return deps.isSignedIn(request) ? handOn(deps, request, reply, true) : signInFirst(reply);
    return OPEN.test(path) ? handOn(deps, request, reply, false) : unknown(reply, path);
  });
  app.post("/api/v1/*", async (request, reply) => {
    const path = pathOf(request);
    if (!SIGNED_IN.POST.test(path)) return unknown(reply, path);
    return deps.isSignedIn(request) ? handOn(deps, request, reply, true) : signInFirst(reply);
  });
}

/** As it was sent: nothing is decoded here that the registry would read otherwise. */
const pathOf = ({ url }: FastifyRequest): string => url.split("?", 1)[0]!.slice("/api".length);

/** What a service is asked about that nothing can be called: names are tokens (src/subjects/token.ts). */
const OF_NO_SERVICE = /^\/v1\/(?:signals|services)\/[^/]+$/;

const unknown = (reply: FastifyReply, path: string) =>
  OF_NO_SERVICE.test(path) ? noService(reply) : notHandedOn(reply, path);

const noService = (reply: FastifyReply) =>
  reply
    .code(404)
    .send(
      failure(
        "unknown-service",
        "there is no such service, and none can be called that: names have the letters a to z, digits and hyphens, 63 at most",
      ),
    );

const notHandedOn = (reply: FastifyReply, path: string) =>
  reply
    .code(404)
    .send(
      failure(
        "unknown-route",
        `the dashboard does not hand on ${path.slice(0, 100)}: ask the registry itself`,
      ),
    );

export const signInFirst = (reply: FastifyReply) =>
  reply.code(401).send(failure("unauthorized", "sign in with the admin token first"));

async function handOn(
  { registryUrl, adminToken }: RegistryDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  asAdmin: boolean,
): Promise<unknown> {
  const left = new AbortController();
  reply.raw.once("close", () => left.abort());
  const late = setTimeout(() => left.abort(), HEAD_WITHIN_MS);
  const token = asAdmin ? adminToken() : undefined;
  const lastId = request.headers["last-event-id"];
  let answer: Response;
  try {
    answer = await fetch(registryUrl + request.url.slice("/api".length), {
      method: request.method,
      headers: {
        accept: request.headers.accept ?? "*/*",
        ...(typeof lastId === "string" ? { "last-event-id": lastId } : {}),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(request.method === "POST" ? { "content-type": "application/json" } : {}),
      },
      ...(request.method === "POST" ? { body: JSON.stringify(request.body) } : {}),
      redirect: "error",
      signal: left.signal,
    });
  } catch {
    const message = `the registry at ${registryUrl} does not answer: is its weft up running?`;
    return reply.code(502).send(failure("registry-away", message));
  } finally {
    clearTimeout(late);
  }
  reply.hijack();
  const type = answer.headers.get("content-type") ?? "";
  // Nothing that a browser would show as a page comes from there.
  const safe = /^(?:application\/json|text\/event-stream)\b/.test(type) ? type : "text/plain; charset=utf-8";
  reply.raw.writeHead(answer.status, guardedHeaders({ "content-type": safe }));
  if (answer.body === null) return reply.raw.end();
  // The reader leaves, or the registry does: both just end it.
  await pipeline(Readable.fromWeb(answer.body), reply.raw).catch(() => reply.raw.destroy());
  return undefined;
}
