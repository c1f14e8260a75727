import type { Kv } from "../../bus/kv.ts";
import { MAX_VALUE_BYTES, type PolicyStore, type Stored } from "./store.ts";

const KEY = "policy";
/** Subject, headers and the protocol's own bytes count as payload or come close. */
const ENVELOPE_BYTES = 4096;

/** Keeps the policy under one key of a bucket of NATS KV: atomic, durable, and the bucket's history is its history. */
export class KvPolicyStore implements PolicyStore {
  readonly #open: () => Promise<Kv>;
  #opening: Promise<Kv> | undefined;
  #maxBytes = MAX_VALUE_BYTES;

  /** @param open makes the bucket, with a history of `KEPT`, when there is none */
  constructor(open: () => Promise<Kv>) {
    this.#open = open;
  }

  get maxBytes(): number {
    return this.#maxBytes;
  }

  async read(known: number | undefined): Promise<Stored | undefined> {
    const kv = await this.#kv();
    if ((await kv.lastRevision()) === known) return undefined;
    const found = await kv.get(KEY);
    const sequence = found?.revision ?? 0;
    if (sequence === known) return undefined;
    return found?.value === undefined ? { sequence } : { sequence, value: found.value };
  }

  async append(value: Uint8Array, after: number): Promise<number | undefined> {
    return (await this.#kv()).update(KEY, value, after);
  }

  async history(): Promise<(Stored & { readonly value: Uint8Array })[]> {
    const kept = await (await this.#kv()).history(KEY);
    return kept.flatMap(({ revision: sequence, value }) => (value === undefined ? [] : { sequence, value }));
  }

  async watch(listener: () => void): Promise<() => void> {
    return (await this.#kv()).watch(KEY, listener);
  }

  async close(): Promise<void> {
    const kv = await this.#opening?.catch(() => undefined);
    await kv?.close();
  }

  /** One after the other, so that two who ask at once share what is opened. */
  #kv(): Promise<Kv> {
    this.#opening = this.#reopened(this.#opening);
    return this.#opening;
  }

  async #reopened(before: Promise<Kv> | undefined): Promise<Kv> {
    const opened = await before?.catch(() => undefined);
    const kv = opened === undefined || opened.closed ? await this.#open() : opened;
    this.#maxBytes = Math.min(MAX_VALUE_BYTES, kv.maxPayload - ENVELOPE_BYTES);
    return kv;
  }
}
