import { JetStreamApiError, jetstream } from "@nats-io/jetstream";
import { type KV, type KvEntry, Kvm } from "@nats-io/kv";
import type { NatsConnection } from "nats";
import { maxPayloadOf, openConnection } from "./connection.ts";
import type { Credentials } from "./credentials.ts";

/** One bucket of NATS KV, with the last value of each key. Every method rejects while JetStream is away. */
export interface Kv {
  entries(): Promise<Map<string, Uint8Array>>;
  put(key: string, value: Uint8Array): Promise<void>;
  /** Does nothing when there is no such key. */
  delete(key: string): Promise<void>;
  /** The last value of one key, as the stream's leader has it; undefined when there never was one. */
  get(key: string): Promise<KvRevision | undefined>;
  /**
   * Compare and set: writes only when the key's last revision is still `after`; 0 is a key without one.
   * @returns the new revision, or undefined when somebody else was first
   */
  update(key: string, value: Uint8Array, after: number): Promise<number | undefined>;
  /** What is kept of one key, oldest first. */
  history(key: string): Promise<KvRevision[]>;
  /** Runs for each change of the key from now on; a watch may end without a word. @returns the way to stop */
  watch(key: string, listener: () => void): Promise<() => void>;
  /** The revision of the bucket's last change, whichever the key: cheaper than reading it to see whether it changed. */
  lastRevision(): Promise<number>;
  /** The largest message that the broker takes. */
  readonly maxPayload: number;
  /** True when the connection is closed for good, by `close` or because the broker would not have it any more. */
  readonly closed: boolean;
  /** Opens another connection with the present credentials and moves everything to it; what is under way ends. */
  renew(): Promise<void>;
  close(): Promise<void>;
}

export interface KvRevision {
  readonly revision: number;
  /** Absent when the key was deleted. */
  readonly value?: Uint8Array;
}

/** Used when the bucket is made. */
export interface KvOptions {
  /** 1, 3 or 5. */
  readonly replicas?: number;
  /** Reserved in the account for each replica; -1 reserves nothing and leaves it to the account's limit. */
  readonly maxBytes?: number;
  /** How many values of each key are kept, 1 to 64. */
  readonly history?: number;
}

const TIMEOUT_MS = 3000;
const HISTORY_WITHIN_MS = 3 * TIMEOUT_MS;
/** JetStream's "wrong last sequence", with and without the number (nats-server errors.json). */
const WRONG_LAST_SEQUENCE: ReadonlySet<number> = new Set([10071, 10164]);

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
  { replicas = 1, maxBytes = 64 * 1024 * 1024, history = 1 }: KvOptions = {},
): Promise<Kv> {
  const open = async (): Promise<Opened> => {
    const connection = await openConnection(credentials, name);
    try {
      // Any replica may answer a direct read, also one that lags: what is then compared and set would be old.
      const options = { history, replicas, max_bytes: maxBytes, allow_direct: false };
      const client = jetstream(connection, { timeout: TIMEOUT_MS });
      return { connection, bucket: await new Kvm(client).create(bucket, options) };
    } catch (error) {
      await connection.close();
      throw new KvError(
        `no bucket "${bucket}" (${text(error)}): JetStream must be enabled for this account, and have a leader`,
        { cause: error },
      );
    }
  };
  return new NatsKv(await open(), open);
}

interface Opened {
  readonly connection: NatsConnection;
  readonly bucket: KV;
}

interface Watch {
  readonly key: string;
  readonly listener: () => void;
  stop: () => void;
}

class NatsKv implements Kv {
  readonly #open: () => Promise<Opened>;
  #opened: Opened;
  readonly #watches = new Set<Watch>();

  constructor(opened: Opened, open: () => Promise<Opened>) {
    this.#opened = opened;
    this.#open = open;
  }

  get #bucket(): KV {
    return this.#opened.bucket;
  }
  get #connection(): NatsConnection {
    return this.#opened.connection;
  }

  async entries(): Promise<Map<string, Uint8Array>> {
    const found = new Map<string, Uint8Array>();
    for (const { key, value, operation } of await this.#kept(">"))
      if (operation === "PUT") found.set(key, value.slice());
      else found.delete(key);
    return found;
  }

  async put(key: string, value: Uint8Array): Promise<void> {
    await this.#bucket.put(key, value, { timeout: TIMEOUT_MS });
  }

  async delete(key: string): Promise<void> {
    await this.#bucket.delete(key);
  }

  async get(key: string): Promise<KvRevision | undefined> {
    const entry = await this.#bucket.get(key);
    return entry === null ? undefined : revisionOf(entry);
  }

  async update(key: string, value: Uint8Array, after: number): Promise<number | undefined> {
    try {
      return await this.#bucket.put(key, value, { previousSeq: after, timeout: TIMEOUT_MS });
    } catch (error) {
      if (error instanceof JetStreamApiError && WRONG_LAST_SEQUENCE.has(error.code)) return undefined;
      throw error;
    }
  }

  async history(key: string): Promise<KvRevision[]> {
    return (await this.#kept(key)).map(revisionOf);
  }

  async watch(key: string, listener: () => void): Promise<() => void> {
    const watch: Watch = { key, listener, stop: await watchIn(this.#bucket, key, listener) };
    this.#watches.add(watch);
    return () => {
      this.#watches.delete(watch);
      watch.stop();
    };
  }

  async lastRevision(): Promise<number> {
    return (await this.#bucket.status()).streamInfo.state.last_seq;
  }

  get maxPayload(): number {
    return maxPayloadOf(this.#connection);
  }

  get closed(): boolean {
    return this.#connection.isClosed();
  }

  async renew(): Promise<void> {
    const fresh = await this.#open();
    if (this.closed) return fresh.connection.close();
    const { connection: old } = this.#opened;
    this.#opened = fresh;
    for (const watch of this.#watches) {
      const stopOld = watch.stop;
      watch.stop = await watchIn(fresh.bucket, watch.key, watch.listener);
      stopOld();
      if (!this.#watches.has(watch)) watch.stop();
      watch.listener(); // for what may have changed in between
    }
    // By then whatever was asked on it has its answer, or is given up.
    setTimeout(() => void old.close(), HISTORY_WITHIN_MS).unref();
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async #kept(key: string): Promise<KvEntry[]> {
    const values = await this.#bucket.history({ key });
    // The iterator waits for ever when the connection goes away in the middle.
    const timer = setTimeout(
      () => values.stop(new KvError("JetStream stopped answering")),
      HISTORY_WITHIN_MS,
    );
    try {
      const kept: KvEntry[] = [];
      for await (const entry of values) kept.push(entry);
      return kept;
    } finally {
      clearTimeout(timer);
    }
  }
}

const revisionOf = ({ revision, value, operation }: KvEntry): KvRevision =>
  operation === "PUT" ? { revision, value: value.slice() } : { revision };

async function watchIn(bucket: KV, key: string, listener: () => void): Promise<() => void> {
  const changes = await bucket.watch({ key, include: "updates" });
  void tellEach(changes, listener);
  return () => changes.stop();
}

async function tellEach(changes: AsyncIterable<unknown>, listener: () => void): Promise<void> {
  try {
    for await (const _ of changes) listener();
  } catch {
    // The connection ended; whoever watches looks for itself now and then, too.
  }
}

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));
