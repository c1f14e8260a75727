import { decodeRecord, encodeRecord, type ServiceRecord } from "./record.ts";
import type { Store } from "./store.ts";

/** Keeps records as long as `entries` lives: for a broker without JetStream, and for tests. */
export class MemoryStore implements Store {
  readonly #entries: Map<string, Uint8Array>;

  constructor(entries = new Map<string, Uint8Array>()) {
    this.#entries = entries;
  }

  async load(): Promise<ServiceRecord[]> {
    return [...this.#entries].flatMap(([service, data]) => decodeRecord(service, data) ?? []);
  }

  async save(record: ServiceRecord): Promise<void> {
    this.#entries.set(record.service, encodeRecord(record));
  }

  async remove(service: string): Promise<void> {
    this.#entries.delete(service);
  }

  async close(): Promise<void> {}
}
