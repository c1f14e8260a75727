import type { Code } from "../../src/protocol/code.ts";
import { type MeshAnswer, type MeshAnswerDetails, meshAnswer } from "../http/mesh-answer.ts";
import { wholeBody } from "../stack/body.ts";

/** What the client did wrong himself: the sentence tells of nothing but his own request. */
const CLIENTS_OWN: ReadonlySet<Code> = new Set<Code>([
  "bad-request",
  "target-too-long",
  "head-too-large",
  "body-too-large",
  "request-timeout",
  "unsupported",
  "misdirected",
]);

/**
 * An answer of the mesh as strangers may see it: the code, so that whoever calls can tell what to do, and the request id,
 * by which `weft explain` tells the rest. The sentence names services, versions and instances, so it stays inside.
 */
export function outsideAnswer(code: Code, message: string, details: MeshAnswerDetails = {}): MeshAnswer {
  const { headers, ...answer } = meshAnswer(code, message, details);
  const text = CLIENTS_OWN.has(code) ? `${message} (${code})` : `${answer.reason} (${code})`;
  const body = Buffer.from(`${text}\n`);
  return {
    ...answer,
    headers: headers.replace(/content-length: \d+\r\n$/, `content-length: ${body.length}\r\n`),
    body: wholeBody(body),
  };
}
