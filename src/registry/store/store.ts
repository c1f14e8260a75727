import type { ServiceRecord } from "./record.ts";

/** Where records outlive the registry. Every method rejects while the place is away, and works again when it is back. */
export interface Store {
  /** All records that can be read; others are passed over. */
  load(): Promise<ServiceRecord[]>;
  save(record: ServiceRecord): Promise<void>;
  /** Does nothing when there is no such record. */
  remove(service: string): Promise<void>;
  close(): Promise<void>;
}
