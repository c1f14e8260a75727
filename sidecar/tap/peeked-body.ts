import type { Code } from "../../src/protocol/code.ts";
import type { Body } from "../stack/body.ts";
import { KeptBytes } from "../stack/kept-bytes.ts";
import { PassingBody } from "../stack/passing-body.ts";

/** What was seen of a body. */
export interface Seen {
  /** Its beginning. */
  readonly bytes: Buffer;
  /** How many have passed. */
  readonly passed: number;
  /** All that there is of it has passed. */
  readonly whole: boolean;
}

/** A body on its way to its reader; a copy of its beginning is kept. */
export class PeekedBody extends PassingBody {
  readonly #kept: KeptBytes;
  #passed = 0;
  #whole = false;
  #settled: (() => void) | undefined;

  /**
   * @param most bytes kept
   * @param settled called once: when nothing more will be kept
   */
  constructor(source: Body, most: number, settled: () => void = () => {}) {
    super(source);
    this.#kept = new KeptBytes(most);
    this.#settled = settled;
    this.#keep(source.first);
  }

  get seen(): Seen {
    return { bytes: this.#kept.bytes, passed: this.#passed, whole: this.#whole };
  }

  /** Nothing more is kept. */
  get isSettled(): boolean {
    return this.#settled === undefined;
  }

  override abandon(code: Code): void {
    super.abandon(code);
    this.#settle();
  }

  override write(chunk: Buffer): boolean {
    this.#keep(chunk);
    return super.write(chunk);
  }

  override end(trailers: string): void {
    this.#whole = true;
    super.end(trailers);
    this.#settle();
  }

  override fail(code: Code): void {
    super.fail(code);
    this.#settle();
  }

  #keep(chunk: Buffer): void {
    this.#passed += chunk.length;
    this.#kept.keep(chunk);
    if (this.#kept.isFull) this.#settle();
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
