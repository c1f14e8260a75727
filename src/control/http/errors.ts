import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { UnknownRevisionError } from "../edit/editor.ts";
import { UnavailableError } from "../edit/unavailable.ts";
import { ExplainError } from "../explain/explain.ts";
import { RecordError } from "../store/encode.ts";

/** Bytes of a request that changes policy. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;

const EXPLAIN_STATUS = { "bad-request": 400, busy: 503, away: 503 } as const;

/** Answers errors of the policy with their code; the others are the server's. */
export function onError(error: FastifyError | Error, _request: FastifyRequest, reply: FastifyReply) {
  const answer = (status: number, code: string, message: string) =>
    reply.code(status).send({ error: { code, message } });
  if (error instanceof UnavailableError) return answer(503, error.code, error.message);
  if (error instanceof RecordError)
    return answer(503, "store-broken", `${error.message}: take another revision`);
  if (error instanceof UnknownRevisionError) return answer(404, "unknown-revision", error.message);
  if (error instanceof ExplainError) return answer(EXPLAIN_STATUS[error.kind], error.kind, error.message);
  if ("code" in error && error.code === "FST_ERR_CTP_BODY_TOO_LARGE")
    return answer(
      413,
      "too-large",
      `the request is larger than ${MAX_BODY_BYTES} bytes: apply fewer files at once`,
    );
  throw error;
}
