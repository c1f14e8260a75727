import { randomBytes } from "node:crypto";
import type { Clock } from "../../registry/clock.ts";
import type { Log } from "../../registry/drops.ts";
import { storeAway } from "../edit/unavailable.ts";
import type { HeldPolicy } from "../held-policy.ts";
import type { PolicyRecord, Summary } from "../record.ts";
import { decodeRecord, decodeSummary, encodeRecord, RecordError } from "./encode.ts";
import type { PolicyStore, Stored } from "./store.ts";

/** A change by another registry is told at once by the watch; this finds it when the watch has died. */
const LOOK_EVERY_MS = 2000;
const RETRY_CAP_MS = 10_000;
/** The cause of the first record of a lineage, which is empty. */
const START = "start";

/** `broken`: what is stored cannot be read, so what was read before goes on, if anything was. */
export interface PolicyStoreState {
  readonly kind: "loading" | "kept" | "away" | "broken";
  /** Unix ms; when it is away or broken. */
  readonly since?: number;
  readonly cause?: string;
}

interface Trouble {
  readonly kind: "away" | "broken";
  readonly since: number;
  readonly cause: string;
}

/**
 * Keeps the policy in memory in step with the store, whoever writes there. What cannot be read never counts as "no
 * policy", and a store that has lost everything gets it back from memory.
 */
export class PolicyKeeper {
  readonly #store: PolicyStore;
  readonly #held: HeldPolicy;
  readonly #clock: Clock;
  readonly #log: Log;
  #sequence: number | undefined;
  #trouble: Trouble | undefined;
  #misses = 0;
  #queue: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #looking = false;
  #closed = false;
  #cancel = (): void => {};
  #stopWatch: (() => void) | undefined;

  constructor(store: PolicyStore, held: HeldPolicy, clock: Clock, log: Log) {
    this.#store = store;
    this.#held = held;
    this.#clock = clock;
    this.#log = log;
  }

  get state(): PolicyStoreState {
    return this.#trouble ?? { kind: this.#held.loaded ? "kept" : "loading" };
  }

  /** The largest record that it takes, in bytes. */
  get maxBytes(): number {
    return this.#store.maxBytes;
  }

  /** Reads the store and follows it from then on. Resolves after the first attempt, whether it worked or not. */
  start(): Promise<void> {
    return this.#look();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    this.#stopWatch?.();
    await this.#store.close();
  }

  /** How many run `exclusively`, or wait for it. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Runs one after the other, so that what is held does not change meanwhile. */
  exclusively<T>(run: () => Promise<T>): Promise<T> {
    this.#waiting += 1;
    const mine = this.#queue.then(run).finally(() => {
      this.#waiting -= 1;
    });
    this.#queue = mine.catch(() => {});
    return mine;
  }

  /** Looks what others have written; within `exclusively`. @throws UnavailableError when the store is away */
  async refresh(): Promise<void> {
    try {
      await this.#read();
    } catch (error) {
      this.#failed(error);
      throw storeAway(error, "nothing was changed");
    }
  }

  /**
   * Writes a record if nobody else has written since the last `read`; within `exclusively`.
   * @returns false when somebody has: then the newest is held now, and the change must be made anew
   * @throws UnavailableError when the store is away
   */
  async write(record: PolicyRecord, packed: Uint8Array): Promise<boolean> {
    try {
      const sequence = await this.#store.append(packed, this.#sequence ?? 0);
      if (sequence === undefined) await this.#read();
      else this.#take(record, sequence);
      return sequence !== undefined;
    } catch (error) {
      this.#failed(error);
      throw storeAway(error, "the change may have been kept");
    }
  }

  /** What is told of each revision that is kept, the newest first. @throws UnavailableError */
  async history(): Promise<Summary[]> {
    const kept = await this.#kept();
    return kept.flatMap(({ value }) => tried(() => decodeSummary(value)) ?? []).reverse();
  }

  /** @returns undefined when it is not kept (any more). @throws UnavailableError, RecordError when it is damaged */
  async recordAt(revision: number): Promise<PolicyRecord | undefined> {
    if (this.#held.record?.revision === revision) return this.#held.record;
    const kept = await this.#kept();
    const found = kept.findLast(({ value }) => tried(() => decodeSummary(value))?.revision === revision);
    return found && decodeRecord(found.value);
  }

  async #kept() {
    try {
      return await this.#store.history();
    } catch (error) {
      throw storeAway(error, "nothing was changed");
    }
  }

  async #look(): Promise<void> {
    this.#cancel();
    if (this.#looking || this.#closed) return;
    this.#looking = true;
    try {
      await this.exclusively(() => {
        // What changes from here on is worth another look.
        this.#looking = false;
        return this.#read();
      });
      this.#stopWatch ??= await this.#store.watch(() => void this.#look());
      this.#misses = 0;
      if (this.#trouble?.kind === "away") {
        this.#trouble = undefined;
        this.#log.info({ event: "policy-store-back" }, "the store of the policy is back");
      }
    } catch (error) {
      this.#away(error);
    }
    this.#lookIn(Math.min(RETRY_CAP_MS, LOOK_EVERY_MS * 2 ** Math.max(0, this.#misses - 1)));
  }

  #lookIn(ms: number): void {
    this.#cancel();
    if (!this.#closed) this.#cancel = this.#clock.after(ms, () => void this.#look());
  }

  async #read(): Promise<void> {
    const stored = await this.#store.read(this.#sequence);
    if (stored === undefined) return;
    if (stored.value === undefined) return this.#empty(stored);
    try {
      const record = decodeRecord(stored.value);
      // A registry that came up while the store had lost everything has begun anew.
      const isLoss = record.cause === START && record.lineage !== this.#held.lineage;
      if (isLoss && this.#held.revision > 0) await this.#empty(stored);
      else this.#take(record, stored.sequence);
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      this.#broken(stored, error.message);
    }
  }

  /** Nothing is stored: at the very start, or because it was lost. */
  async #empty({ sequence }: Stored): Promise<void> {
    if (!this.#held.loaded && sequence > 0)
      return this.#broken({ sequence }, "the policy was deleted from the store by hand");
    const record = this.#held.record ?? this.#first();
    if (this.#held.loaded)
      this.#log.warn(
        { event: "policy-store-lost" },
        "the store has lost the policy: writing it again from memory",
      );
    const written = await this.#store.append(encodeRecord(record)!, sequence);
    if (written === undefined) await this.#read();
    else this.#take(record, written);
  }

  #first(): PolicyRecord {
    const nothing = { created: 0, configured: 0, deleted: 0, entries: new Map(), services: new Map() };
    const lineage = randomBytes(9).toString("base64url");
    return { lineage, revision: 0, at: this.#clock.unix(), by: "registry", cause: START, ...nothing };
  }

  #take(record: PolicyRecord, sequence: number): void {
    this.#sequence = sequence;
    if (this.#trouble?.kind === "broken") this.#trouble = undefined;
    const { lineage, revision, by, cause, created, configured, deleted } = record;
    this.#log.info(
      { event: "policy-read", lineage, revision, by, cause, created, configured, deleted },
      "the policy is read",
    );
    this.#held.take(record);
  }

  #broken({ sequence }: Stored, cause: string): void {
    this.#sequence = sequence;
    this.#trouble = { kind: "broken", since: this.#clock.unix(), cause };
    this.#log.error(
      { event: "policy-unreadable", cause },
      'the policy in the store cannot be read: "weft rollback" puts an earlier one back',
    );
  }

  #failed(error: unknown): void {
    this.#away(error);
    void this.#look();
  }

  #away(error: unknown): void {
    if (this.#closed) return;
    this.#misses += 1;
    // What was watched may be gone with the connection.
    this.#stopWatch?.();
    this.#stopWatch = undefined;
    if (this.#trouble !== undefined) return;
    const cause = error instanceof Error ? error.message : String(error);
    this.#trouble = { kind: "away", since: this.#clock.unix(), cause };
    this.#log.warn(
      { event: "policy-store-away", cause },
      "the store of the policy is away: what was read goes on, and nothing can be changed",
    );
  }
}

function tried<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
