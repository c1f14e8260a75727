import { createHash } from "node:crypto";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import type { Readable, Writable } from "node:stream";
import type { TestContext } from "node:test";
import { until } from "./until.ts";

const PIECE = 64 * 1024;

/** Bytes that differ from place to place, so that a body that was cut or put together wrongly does not hash alike. */
const pattern = Buffer.from(Array.from({ length: PIECE + 251 }, (_, i) => (i * 31 + (i >> 8)) % 251));
/** The `at`-th byte of every flow is the same, whatever the pieces. */
const piece = (at: number, length: number): Buffer => pattern.subarray(at % 251, (at % 251) + length);

/** A body of that many bytes, whole. */
export function bytes(length: number): Buffer {
  const whole = Buffer.alloc(length);
  for (let at = 0; at < length; at += PIECE) piece(at, Math.min(PIECE, length - at)).copy(whole, at);
  return whole;
}

export const hashOf = (body: Buffer): string => createHash("sha1").update(body).digest("hex");

/** Writes so many bytes as fast as they are taken, then ends. `written` counts along. */
export class Source {
  written = 0;

  constructor(to: Writable, length: number, end = true) {
    const more = () => {
      while (this.written < length) {
        const next = piece(this.written, Math.min(PIECE, length - this.written));
        this.written += next.length;
        if (!to.write(next)) {
          to.once("drain", more);
          return;
        }
      }
      if (end) to.end();
    };
    more();
  }
}

/** Reads, counts and hashes. */
export class Drain {
  read = 0;
  ended = false;
  broken: Error | undefined;
  readonly #hash = createHash("sha1");

  constructor(from: Readable) {
    from.on("data", (chunk: Buffer) => {
      this.read += chunk.length;
      this.#hash.update(chunk);
    });
    from.once("end", () => {
      this.ended = true;
    });
    from.once("error", (error) => {
      this.broken = error;
    });
    from.once("close", () => {
      if (!this.ended) this.broken ??= new Error("closed before its end");
    });
  }

  /** The hash of everything, at the end. */
  async done(withinMs = 20_000): Promise<string> {
    await until(() => this.ended || this.broken, {
      withinMs,
      what: `the end of a body, after ${this.read} bytes`,
    });
    if (this.broken) throw this.broken;
    return this.#hash.digest("hex");
  }
}

/** A request whose body the test writes, and whose answer it reads, as they go. */
export function start(
  t: TestContext,
  listen: string,
  method: string,
  path = "/",
  headers: Record<string, string | number> = {},
): { sent: ClientRequest; answer: Promise<IncomingMessage> } {
  const [host = "", port = ""] = listen.split(":");
  const sent = request({
    host,
    port,
    method,
    path,
    agent: false,
    headers: { host: "orders.mesh", ...headers },
  });
  t.after(() => sent.destroy());
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    sent.once("response", resolve);
    sent.on("error", reject);
  });
  answer.catch(() => {});
  return { sent, answer };
}

/** Waits until a number stops growing, and gives it back. */
export async function settled(count: () => number, polls = 25): Promise<number> {
  let last = -1;
  let same = 0;
  await until(
    () => {
      const now = count();
      same = now === last ? same + 1 : 0;
      last = now;
      return same >= polls;
    },
    { withinMs: 10_000, what: "a flow to stand still" },
  );
  return last;
}
