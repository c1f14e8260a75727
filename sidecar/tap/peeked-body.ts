import type { Code } from "../../src/protocol/code.ts";
import type { Body, Framing, Sink } from "../stack/body.ts";

/** What was seen of a body. */
export interface Seen {
  /** Its beginning. */
  readonly bytes: Buffer;
  /** How many have passed. */
  readonly passed: number;
  /** All that there is of it has passed. */
  readonly whole: boolean;
}

/** A body on its way to its reader, who alone sets the pace; a copy of its beginning is kept. */
export class PeekedBody implements Body, Sink {
  readonly framing: Framing;
  readonly first: Buffer;
  readonly complete = false;
  readonly trailers = "";
  readonly #source: Body;
  readonly #most: number;
  #sink: Sink | undefined;
  readonly #kept: Buffer[] = [];
  #length = 0;
  #passed = 0;
  #whole = false;
  #settled: (() => void) | undefined;

  /**
   * @param most bytes kept
   * @param settled called once: when nothing more will be kept
   */
  constructor(source: Body, most: number, settled: () => void = () => {}) {
    this.framing = source.framing;
    this.first = source.first;
    this.#source = source;
    this.#most = most;
    this.#settled = settled;
    this.#keep(source.first);
  }

  get seen(): Seen {
    return { bytes: Buffer.concat(this.#kept), passed: this.#passed, whole: this.#whole };
  }

  /** Nothing more is kept. */
  get isSettled(): boolean {
    return this.#settled === undefined;
  }

  read(sink: Sink): void {
    this.#sink = sink;
    this.#source.read(this);
  }

  resume(): void {
    this.#source.resume();
  }

  abandon(code: Code): void {
    this.#source.abandon(code);
    this.#settle();
  }

  write(chunk: Buffer): boolean {
    this.#keep(chunk);
    return this.#sink!.write(chunk);
  }

  end(trailers: string): void {
    this.#whole = true;
    this.#sink!.end(trailers);
    this.#settle();
  }

  fail(code: Code): void {
    this.#sink!.fail(code);
    this.#settle();
  }

  #keep(chunk: Buffer): void {
    this.#passed += chunk.length;
    const room = this.#most - this.#length;
    if (room <= 0 || chunk.length === 0) return;
    // Copied: the sink may keep the chunk, which is a part of a larger buffer.
    const part = Buffer.from(chunk.subarray(0, room));
    this.#kept.push(part);
    this.#length += part.length;
    if (this.#length === this.#most) this.#settle();
  }

  #settle(): void {
    const settled = this.#settled;
    this.#settled = undefined;
    settled?.();
  }
}

/** Of a body that is whole from the start. */
export const seenOf = ({ first }: Body, most: number): Seen => ({
  bytes: Buffer.from(first.subarray(0, most)),
  passed: first.length,
  whole: true,
});
