import type { Body, Framing, Sink } from "../../sidecar/stack/body.ts";
import type { Code } from "../../src/protocol/code.ts";

/** A body that a test writes as it goes. */
export class LiveBody implements Body {
  readonly framing: Framing;
  readonly first: Buffer;
  readonly complete = false;
  readonly trailers = "";
  sink: Sink | undefined;
  abandoned: Code | undefined;
  resumed = 0;

  constructor(first = "", framing: Framing = "until-end") {
    this.first = Buffer.from(first);
    this.framing = framing;
  }

  read(sink: Sink): void {
    this.sink = sink;
  }

  resume(): void {
    this.resumed++;
  }

  abandon(code: Code): void {
    this.abandoned = code;
  }
}

/** A reader that keeps what it gets, and can stop taking. */
export class Collected implements Sink {
  readonly chunks: Buffer[] = [];
  trailers: string | undefined;
  failed: Code | undefined;
  takes = true;

  write(chunk: Buffer): boolean {
    this.chunks.push(Buffer.from(chunk));
    return this.takes;
  }

  end(trailers: string): void {
    this.trailers = trailers;
  }

  fail(code: Code): void {
    this.failed = code;
  }

  get bytes(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }
}

/** Reads a body to its end, as text. */
export function textOf(body: Body): Promise<string> {
  if (body.complete) return Promise.resolve(body.first.toString());
  return new Promise((resolve, reject) => {
    const chunks = [body.first];
    body.read({
      write: (chunk) => chunks.push(Buffer.from(chunk)) > 0,
      end: () => resolve(Buffer.concat(chunks).toString()),
      fail: (code) => reject(new Error(code)),
    });
  });
}
