import type { IncomingMessage } from "node:http";

const TIMEOUT_MS = 5000;
/** 64 keys with their certificates fit well. */
const MOST_BYTES = 256 * 1024;

/**
 * Gets a key set as JSON with one GET on a connection of its own. Redirects are not followed: they could lead anywhere.
 * TLS is checked with the CAs of Node; for another one there is `NODE_EXTRA_CA_CERTS`.
 * @param uri `https:`, or `http:`, which the caller has found to be allowed
 * @throws Error with the reason, without what the issuer said
 */
export async function fetchKeys(uri: string, timeoutMs = TIMEOUT_MS): Promise<unknown> {
  const url = new URL(uri);
  const { get } = url.protocol === "https:" ? await import("node:https") : await import("node:http");
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const text = await new Promise<string>((resolve, reject) => {
      const headers = { accept: "application/jwk-set+json, application/json" };
      const request = get(url, { signal, headers, agent: false, maxHeaderSize: 16_384 }, (response) => {
        readText(response).then(resolve, reject);
      });
      request.once("error", reject);
    });
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Error(`${url.origin}${url.pathname} ${reasonOf(error as NodeJS.ErrnoException, timeoutMs)}`, {
      cause: error,
    });
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const { statusCode } = response;
  if (statusCode !== 200) {
    response.destroy();
    throw new Answer(`answered with ${statusCode}`);
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Answer(`sent more than ${MOST_BYTES / 1024} KiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

class Answer extends Error {}

function reasonOf(error: NodeJS.ErrnoException, timeoutMs: number): string {
  if (error instanceof Answer) return error.message;
  if (error instanceof SyntaxError) return "did not answer with JSON";
  if (error.name === "AbortError" || error.name === "TimeoutError")
    return `did not answer within ${timeoutMs / 1000} s`;
  return `cannot be reached (${error.code ?? error.message})`;
}
