import type { FastifyReply, FastifyRequest } from "fastify";
import { failure } from "../../registry/http/errors.ts";
import { namesLoopback } from "../../registry/http/loopback.ts";

/**
 * Our pages load their own script, style and data, and nothing else; no text of a service can become a script (CSP
 * level 3). No site frames them, none learns their addresses, and none shares a process with them.
 */
const HEADERS = {
  "content-security-policy": [
    ...[
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self'",
      "connect-src 'self'",
    ],
    ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
    ...["require-trusted-types-for 'script'", "trusted-types 'none'"],
  ].join("; "),
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

/** Puts what every answer has to have, and turns away who comes from another site. */
export async function guard(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  reply.headers(HEADERS);
  const { host, origin } = request.headers;
  if (!namesLoopback(host))
    return reply
      .code(403)
      .send(
        failure(
          "host-not-loopback",
          "the dashboard answers only to localhost and 127.0.0.1: ask for it by one of these names",
        ),
      );
  // Of another port of this machine it may be anybody's page (RFC 6454 §4: a port is another origin).
  if (origin !== undefined && origin !== `http://${host}`)
    return reply.code(403).send(failure("origin-foreign", "a page of another site may ask nothing here"));
  return undefined;
}

/** The same for an answer that is written past fastify. */
export const guardedHeaders = (more: Readonly<Record<string, string>>): Record<string, string> => ({
  ...HEADERS,
  ...more,
});
