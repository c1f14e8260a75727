import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { failure } from "../../registry/http/errors.ts";
import type { Sessions } from "./sessions.ts";

export interface SessionDeps {
  readonly sessions: Sessions;
  /** The admin token of the mesh; undefined where this machine does not have it. Read at each sign-in. */
  readonly adminToken: () => string | undefined;
}

const MAX_BODY_BYTES = 4096;

/** Signing in with the admin token, signing out, and whether one is signed in. */
export function addSessionRoutes(app: FastifyInstance, { sessions, adminToken }: SessionDeps): void {
  app.get("/api/session", async (request) => ({ signedIn: sessions.has(sessionOf(request)) }));

  app.post("/api/session", { bodyLimit: MAX_BODY_BYTES }, async (request, reply) => {
    const given = (request.body as { token?: unknown } | null)?.token;
    const wanted = adminToken();
    if (wanted === undefined)
      return reply
        .code(503)
        .send(
          failure(
            "no-admin-token",
            "the dashboard has no admin token to compare with: start it on the machine of the registry, with --state DIR of its mesh",
          ),
        );
    if (typeof given !== "string" || !timingSafeEqual(digest(given.trim()), digest(wanted)))
      return reply
        .code(401)
        .send(
          failure(
            "unauthorized",
            "this is not the admin token of this mesh: it is in registry/admin-token in the state folder of weft up",
          ),
        );
    return reply.header("set-cookie", cookie(request, sessions.open())).send({ signedIn: true });
  });

  app.delete("/api/session", async (request, reply) => {
    const id = sessionOf(request);
    if (id !== undefined) sessions.close(id);
    return reply.header("set-cookie", `${cookie(request, "")}; Max-Age=0`).send({ signedIn: false });
  });
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Cookies know no ports: by its name, that of one dashboard does not push out another's. */
const nameOf = ({ socket }: FastifyRequest): string => `weft-dashboard-${socket.localPort ?? 0}`;

/** No `Secure`: on loopback there is no TLS. Without `Max-Age` it ends with the browser. */
const cookie = (request: FastifyRequest, id: string): string =>
  `${nameOf(request)}=${id}; HttpOnly; SameSite=Strict; Path=/`;

/** The session that a request names, signed in or not (RFC 6265 §4.2). */
export function sessionOf(request: FastifyRequest): string | undefined {
  const name = nameOf(request);
  const pairs = (request.headers.cookie ?? "").split(";").map((pair) => pair.trim().split("="));
  return pairs.find(([key]) => key === name)?.[1];
}
