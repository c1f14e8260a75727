import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { namesLoopback } from "../../registry/http/loopback.ts";

type Check = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

const bearerOf = (authorization = ""): string | undefined => /^bearer +(\S+) *$/i.exec(authorization)?.[1];

/** Tells whether `Authorization` has the token (RFC 6750 §2.1). Digests have one length, so the time tells nothing. */
export function knowsToken(token: string): (authorization: string | undefined) => boolean {
  const wanted = digest(token);
  return (authorization) => {
    const given = bearerOf(authorization);
    return given !== undefined && timingSafeEqual(digest(given), wanted);
  };
}

/** Lets only those through who know the token. */
export function adminOnly(token: string): Check {
  const knows = knowsToken(token);
  return async ({ headers: { authorization } }, reply) => {
    if (knows(authorization)) return undefined;
    const message =
      bearerOf(authorization) === undefined
        ? 'this needs the admin token: "Authorization: Bearer <token>", with the token from registry/admin-token in the state folder of weft up'
        : "this is not the admin token of this registry: take it from registry/admin-token in its state folder";
    return reply
      .code(401)
      .header("www-authenticate", 'Bearer realm="weft"')
      .send({ error: { code: "unauthorized", message } });
  };
}

/** Refuses what a page of another site makes a browser send (the `Origin` field, RFC 6454 §7). */
export const ownOriginOnly: Check = async ({ method, headers: { origin } }, reply) => {
  if (method === "GET" || method === "HEAD" || origin === undefined || isOwn(origin)) return undefined;
  const message = "a page of another site may change nothing here: use weft, or a page on localhost";
  return reply.code(403).send({ error: { code: "origin-foreign", message } });
};

const isOwn = (origin: string): boolean =>
  /^https?:\/\//.test(origin) && namesLoopback(origin.replace(/^https?:\/\//, ""));
