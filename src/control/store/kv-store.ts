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

  read(known: number | undefined): Promise<Stored | undefined> {
    return this.#with(async (kv) => {
      if ((await kv.lastRevision()) === known) return undefined;
      const found = await kv.get(KEY);
      const sequence = found?.revision ?? 0;
      if (sequence === known) return undefined;
      return found?.value === undefined ? { sequence } : { sequence, value: found.value };
    });
  }

  append(value: Uint8Array, after: number): Promise<number | undefined> {
    return this.#with((kv) => kv.update(KEY, value, after));
  }

  history(): Promise<(Stored & { readonly value: Uint8Array })[]> {
    return this.#with(async (kv) =>
      (await kv.history(KEY)).flatMap(({ revision: sequence, value }) =>
        value === undefined ? [] : { sequence, value },
      ),
    );
  }

  watch(listener: () => void): Promise<() => void> {
    return this.#with((kv) => kv.watch(KEY, listener));
  }

  async close(): Promise<void> {
    const kv = await this.#opening?.catch(() => undefined);
    await kv?.close();
  }

  /** Opens what is used, and opens it anew after a failure: the bucket itself may be gone, which only that mends. */
  async #with<T>(use: (kv: Kv) => Promise<T>): Promise<T> {
    this.#opening ??= this.#open();
    const opening = this.#opening;
    try {
      const kv = await opening;
      this.#maxBytes = Math.min(MAX_VALUE_BYTES, kv.maxPayload - ENVELOPE_BYTES);
      return await use(kv);
    } catch (error) {
      if (this.#opening === opening) this.#opening = undefined;
      void opening.then((kv) => kv.close()).catch(() => {});
      throw error;
    }
  }
}
