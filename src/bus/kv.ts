import { type KV, Kvm } from "@nats-io/kv";
import type { NatsConnection } from "nats";
import { openConnection } from "./connection.ts";
import type { Credentials } from "./credentials.ts";

/** One bucket of NATS KV, with the last value of each key. Every method rejects while JetStream is away. */
export interface Kv {
  entries(): Promise<Map<string, Uint8Array>>;
  put(key: string, value: Uint8Array): Promise<void>;
  /** Does nothing when there is no such key. */
  delete(key: string): Promise<void>;
  /** True when the connection is closed for good, by `close` or because the broker would not have it any more. */
  readonly closed: boolean;
  close(): Promise<void>;
}

export interface KvOptions {
  /** 1, 3 or 5; used when the bucket is made. */
  readonly replicas?: number;
  readonly maxBytes?: number;
}

const TIMEOUT_MS = 3000;

export class KvError extends Error {
  override readonly name = "KvError";
}

/**
 * Opens a bucket over a connection of its own, and makes it when there is none. The connection reconnects for ever.
 * @param name of the connection, as the broker lists it
 * @throws BusError when the broker is away, KvError when JetStream is
 */
export async function openKv(
  credentials: Credentials,
  bucket: string,
  name: string,
  { replicas = 1, maxBytes = 64 * 1024 * 1024 }: KvOptions = {},
): Promise<Kv> {
  const connection = await openConnection(credentials, name);
  try {
    const options = { history: 1, replicas, max_bytes: maxBytes, timeout: TIMEOUT_MS };
    return new NatsKv(connection, await new Kvm(connection).create(bucket, options));
  } catch (error) {
    await connection.close();
    throw new KvError(
      `no bucket "${bucket}" (${text(error)}): JetStream must be enabled for this account, and have a leader`,
      { cause: error },
    );
  }
}

class NatsKv implements Kv {
  readonly #connection: NatsConnection;
  readonly #bucket: KV;

  constructor(connection: NatsConnection, bucket: KV) {
    this.#connection = connection;
    this.#bucket = bucket;
  }

  async entries(): Promise<Map<string, Uint8Array>> {
    const found = new Map<string, Uint8Array>();
    const values = await this.#bucket.history();
    // The iterator waits for ever when the connection goes away in the middle.
    const timer = setTimeout(() => values.stop(new KvError("JetStream stopped answering")), 3 * TIMEOUT_MS);
    try {
      for await (const { key, value, operation } of values) {
        if (operation === "PUT") found.set(key, value.slice());
        else found.delete(key);
      }
    } finally {
      clearTimeout(timer);
    }
    return found;
  }

  async put(key: string, value: Uint8Array): Promise<void> {
    await this.#bucket.put(key, value, { timeout: TIMEOUT_MS });
  }

  async delete(key: string): Promise<void> {
    await this.#bucket.delete(key);
  }

  get closed(): boolean {
    return this.#connection.isClosed();
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));
