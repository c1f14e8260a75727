import type { Kv } from "../../bus/kv.ts";
import { decodeRecord, encodeRecord, type ServiceRecord } from "./record.ts";
import type { Store } from "./store.ts";

/** Keeps records in a bucket of NATS KV, one key for each service. Opens it when it is needed and not open. */
export class KvStore implements Store {
  readonly #open: () => Promise<Kv>;
  #opening: Promise<Kv> | undefined;

  constructor(open: () => Promise<Kv>) {
    this.#open = open;
  }

  async load(): Promise<ServiceRecord[]> {
    const entries = await (await this.#kv()).entries();
    return [...entries].flatMap(([service, data]) => decodeRecord(service, data) ?? []);
  }

  async save(record: ServiceRecord): Promise<void> {
    await (await this.#kv()).put(record.service, encodeRecord(record));
  }

  async remove(service: string): Promise<void> {
    await (await this.#kv()).delete(service);
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
    return opened === undefined || opened.closed ? this.#open() : opened;
  }
}
