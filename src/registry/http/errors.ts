import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { ConnectionError, FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import type { Log } from "../drops.ts";

/** Longer parts of a request are not repeated to who sent it. */
const SHOWN = 100;

export const failure = (code: string, message: string) => ({ error: { code, message } });

export const cutUrl = (url: string): string => (url.length > SHOWN ? `${url.slice(0, SHOWN)}…` : url);

/** Answers what a route, or fastify before it, has thrown. */
export const errorHandler =
  (log: Log) =>
  (error: FastifyError, request: FastifyRequest, reply: FastifyReply): unknown => {
    const status = error.statusCode ?? 500;
    if (status < 500)
      return reply.code(status).send(failure("bad-request", whatIsWrong(error, request) ?? error.message));
    log.error(
      { event: "api-failed", url: request.url, cause: error.message },
      "the registry's HTTP API failed",
    );
    return reply
      .code(500)
      .send(failure("internal", `${cutUrl(request.url)} failed in the registry: its log says why`));
  };

/** Our words for an error of the request; undefined where fastify's own are as good. */
function whatIsWrong(error: FastifyError, { url, headers }: FastifyRequest): string | undefined {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const places = error.validation.map(
      ({ instancePath, message }) => `${error.validationContext}${placeOf(instancePath)}: ${message}`,
    );
    return `the request is wrong at ${places.join("; ")}: /openapi.json says what is taken`;
  }
  switch (error.code) {
    case "FST_ERR_BAD_URL":
      return `${cutUrl(url)} is no URL: write a % as %25, and other characters as %XX of their UTF-8`;
    case "FST_ERR_MAX_PARAM_LENGTH":
      return `a name in the path of ${cutUrl(url)} is too long: no name of the mesh is that long`;
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return `the body is ${cutUrl(headers["content-type"] ?? "of no type")}, and only JSON is taken: send it as "content-type: application/json"`;
    case "FST_ERR_CTP_INVALID_JSON_BODY":
      return 'the body is no JSON, or has a field "__proto__" or "constructor.prototype": mend it, or leave the field out';
    default:
      return undefined;
  }
}

/** `/resources/0/kind` as `.resources[0].kind`. */
const placeOf = (pointer: string): string =>
  pointer
    .split("/")
    .filter((step) => step !== "")
    .map((step) => (/^\d+$/.test(step) ? `[${step}]` : `.${step}`))
    .join("");

/** Answers what node's parser does not take for a request (RFC 9112 §2.2, §6.3), in the form of every other error. */
export function onClientError(error: ConnectionError, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  if (socket.writable) {
    const [status, what] = CLIENT_ERRORS[error.code] ?? [
      400,
      "this is no request of HTTP that has one meaning",
    ];
    const body = JSON.stringify(
      failure("bad-request", `${what} (${error.code}): send it as RFC 9112 says, or use a usual client`),
    );
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      "content-type: application/json; charset=utf-8",
      `content-length: ${Buffer.byteLength(body)}`,
      "connection: close",
    ];
    socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  }
  socket.destroy(error);
}

const CLIENT_ERRORS: Readonly<Record<string, readonly [status: number, what: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, "the request did not come in time"],
  HPE_HEADER_OVERFLOW: [431, "the head of the request is too large"],
};
