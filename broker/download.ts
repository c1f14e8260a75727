import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

export class DownloadError extends Error {
  override readonly name = "DownloadError";
}

export type Patience = {
  /** Until the answer's head has come; short, so that a machine without a way out is told so soon. */
  answerWithinMs: number;
  /** The longest silence within a body. */
  idleMs: number;
};

export const PATIENCE: Patience = { answerWithinMs: 8000, idleMs: 15_000 };

/** Reads a small text, for instance SHA256SUMS. */
export async function downloadText(url: string, patience: Patience): Promise<string> {
  const parts: Buffer[] = [];
  for await (const chunk of await open(url, patience)) parts.push(chunk);
  return Buffer.concat(parts).toString("utf8");
}

/**
 * Saves `url` as `file`.
 * @param onBytes told how many bytes have come and, when the server said, of how many
 * @returns the SHA-256 of what was saved, in hex
 * @throws DownloadError that names the URL and the reason
 */
export async function downloadFile(
  url: string,
  file: string,
  patience: Patience,
  onBytes: (received: number, total: number | undefined) => void,
): Promise<string> {
  const hash = createHash("sha256");
  let received = 0;
  const body = await open(url, patience);
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      received += chunk.length;
      onBytes(received, body.total);
      done(null, chunk);
    },
  });
  await pipeline(body, count, createWriteStream(file, { mode: 0o600, flags: "wx" }));
  if (body.total !== undefined && received !== body.total)
    throw new DownloadError(`${url}: cut off after ${received} of ${body.total} bytes`);
  return hash.digest("hex");
}

type Body = AsyncIterable<Buffer> & { total: number | undefined };

async function open(url: string, patience: Patience): Promise<Body> {
  allowed(url);
  const abort = new AbortController();
  let timer = giveUp(`no answer within ${patience.answerWithinMs} ms`, patience.answerWithinMs);
  function giveUp(reason: string, afterMs: number): NodeJS.Timeout {
    return setTimeout(() => abort.abort(new DownloadError(`${url}: ${reason}`)), afterMs);
  }
  async function* chunks(body: AsyncIterable<Uint8Array> | null): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of body ?? []) {
        clearTimeout(timer);
        yield Buffer.from(chunk);
        timer = giveUp(`silent for ${patience.idleMs} ms`, patience.idleMs);
      }
    } catch (error) {
      throw explained(url, error);
    } finally {
      clearTimeout(timer);
      abort.abort();
    }
  }
  try {
    // identity: what is hashed must be what is published, and Content-Length its length.
    const answer = await fetch(url, { signal: abort.signal, headers: { "accept-encoding": "identity" } });
    allowed(answer.url);
    if (!answer.ok) throw new DownloadError(`${url}: the server answered ${answer.status}`);
    clearTimeout(timer);
    timer = giveUp(`silent for ${patience.idleMs} ms`, patience.idleMs);
    const length = answer.headers.get("content-length");
    return Object.assign(chunks(answer.body), { total: length === null ? undefined : Number(length) });
  } catch (error) {
    clearTimeout(timer);
    abort.abort();
    throw explained(url, error);
  }
}

/** HTTPS only; a stand-in or a local mirror on this machine may speak plain HTTP. */
function allowed(url: string): void {
  const { protocol, hostname } = new URL(url);
  if (protocol === "https:") return;
  if (protocol === "http:" && ["127.0.0.1", "localhost", "[::1]"].includes(hostname)) return;
  throw new DownloadError(`${url}: only https:// is allowed (plain http:// only on this machine)`);
}

function explained(url: string, error: unknown): DownloadError {
  if (error instanceof DownloadError) return error;
  const { message, cause } = error as Error;
  return new DownloadError(`${url}: ${cause instanceof Error ? cause.message || cause.name : message}`);
}
