/** Chains; a power of two. Some thousand calls under way make chains of a few. */
const CHAINS = 1024;
const NONE = -1;
/** The last 32 bits of the trace id in `00-<trace id>-…`: tracers that write a time into it write it before those. */
const RANDOM_FROM = 27;
const TRACE_END = 35;

/**
 * Finds the slots of the calls of one trace (W3C Trace Context §3.2) without looking at all the others. Numbers only:
 * it holds nothing that a collection has to follow (see `Slots` for what a Map would hold).
 */
export class TraceIndex {
  /** The slot that each chain begins with. */
  readonly #first = new Int32Array(CHAINS).fill(NONE);
  /** By slot. */
  #next = new Int32Array(64);
  #before = new Int32Array(64);
  #chain = new Int32Array(64).fill(NONE);

  /** @param slot that is not in it */
  add(slot: number, traceparent: string): void {
    if (slot >= this.#next.length) this.#grow(slot);
    const chain = chainOf(traceparent);
    const next = this.#first[chain]!;
    this.#chain[slot] = chain;
    this.#next[slot] = next;
    this.#before[slot] = NONE;
    if (next !== NONE) this.#before[next] = slot;
    this.#first[chain] = slot;
  }

  /** Harmless for one that is not in it. */
  delete(slot: number): void {
    const chain = this.#chain[slot] ?? NONE;
    if (chain === NONE) return;
    const next = this.#next[slot]!;
    const before = this.#before[slot]!;
    if (before === NONE) this.#first[chain] = next;
    else this.#next[before] = next;
    if (next !== NONE) this.#before[next] = before;
    this.#chain[slot] = NONE;
  }

  /** Runs `visit` for each slot whose call may be of that trace: others may be among them. */
  each(traceparent: string, visit: (slot: number) => void): void {
    let slot = this.#first[chainOf(traceparent)]!;
    while (slot !== NONE) {
      visit(slot);
      slot = this.#next[slot]!;
    }
  }

  #grow(slot: number): void {
    const size = 2 ** Math.ceil(Math.log2(slot + 1));
    this.#next = grown(this.#next, size);
    this.#before = grown(this.#before, size);
    this.#chain = grown(this.#chain, size);
  }
}

function grown(old: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(size).fill(NONE);
  larger.set(old);
  return larger;
}

function chainOf(traceparent: string): number {
  let mixed = 0;
  for (let i = RANDOM_FROM; i < TRACE_END; i++)
    mixed = (Math.imul(mixed, 31) + traceparent.charCodeAt(i)) | 0;
  return mixed & (CHAINS - 1);
}
