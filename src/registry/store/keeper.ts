import type { Catalog } from "../catalog.ts";
import type { Clock } from "../clock.ts";
import type { Log } from "../drops.ts";
import { hasInstances } from "../known-service.ts";
import { SILENT_AFTER_MS } from "../wire.ts";
import { recordOf } from "./record.ts";
import type { Store } from "./store.ts";

/** Changes gather this long before they are written. */
const WRITE_EVERY_MS = 1000;
const RETRY_CAP_MS = 30_000;
const CLOSE_WITHIN_MS = 3000;
/** How old the stored `lastSeen` of a living service may be. */
const REFRESH_MS = 10 * 60_000;

/** `since` is Unix time in ms. */
export type StoreState =
  | { readonly kind: "loading" }
  | { readonly kind: "kept"; readonly waiting: number }
  | { readonly kind: "away"; readonly since: number; readonly cause: string; readonly waiting: number };

/**
 * Keeps a catalog's records in a store, behind its back: the catalog never waits. A store that is away is tried again
 * and again. Nothing is written before all was read, because that would overwrite what is known there.
 *
 * Several registries may share a store: each writes what it heard of the same beats, so the last one is right too.
 */
export class Keeper {
  readonly #catalog: Catalog;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #startedAt: number;
  readonly #waiting = new Set<string>();
  readonly #stopHearing: () => void;
  #cancel = (): void => {};
  #working: Promise<void> | undefined;
  #loaded = false;
  #closed = false;
  #trouble: { since: number; cause: string; times: number } | undefined;
  #refreshAt: number;

  constructor(catalog: Catalog, store: Store, clock: Clock, log: Log) {
    this.#catalog = catalog;
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#startedAt = clock.now();
    this.#refreshAt = this.#startedAt + REFRESH_MS;
    this.#stopHearing = catalog.onRecord((service) => this.#waiting.add(service));
  }

  get state(): StoreState {
    const waiting = this.#waiting.size;
    if (this.#trouble)
      return { kind: "away", since: this.#trouble.since, cause: this.#trouble.cause, waiting };
    return this.#loaded ? { kind: "kept", waiting } : { kind: "loading" };
  }

  /** Reads the store and keeps it from then on. Resolves after the first attempt, whether it worked or not. */
  start(): Promise<void> {
    this.#working = this.#work();
    return this.#working;
  }

  /** Writes what is left, once, and closes the store; a store that does not answer is not waited for. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    this.#stopHearing();
    const late = new Promise<void>((resolve) => this.#clock.after(CLOSE_WITHIN_MS, resolve));
    await Promise.race([this.#finish(), late]);
  }

  async #finish(): Promise<void> {
    await this.#working;
    if (this.#loaded) await this.#write().catch(() => {});
    await this.#store.close();
  }

  async #work(): Promise<void> {
    try {
      if (!this.#loaded) await this.#load();
      this.#markLiving();
      await this.#write();
      if (this.#trouble) this.#log.info({ event: "store-back" }, "the registry's store is back");
      this.#trouble = undefined;
    } catch (error) {
      this.#note(error);
    }
    if (!this.#closed) this.#cancel = this.#clock.after(this.#pauseMs(), () => void this.start());
  }

  async #load(): Promise<void> {
    const records = await this.#store.load();
    // Later, everybody who lives has been heard, and the others are gone.
    const withInstances = this.#clock.now() - this.#startedAt < SILENT_AFTER_MS;
    for (const record of records) this.#catalog.restore(record, withInstances);
    this.#loaded = true;
  }

  async #write(): Promise<void> {
    for (const service of [...this.#waiting]) {
      this.#waiting.delete(service);
      const known = this.#catalog.services.get(service);
      try {
        await (known ? this.#store.save(recordOf(known)) : this.#store.remove(service));
      } catch (error) {
        this.#waiting.add(service);
        throw error;
      }
    }
  }

  #markLiving(): void {
    const now = this.#clock.now();
    if (now < this.#refreshAt) return;
    this.#refreshAt = now + REFRESH_MS;
    for (const service of this.#catalog.services.values())
      if (hasInstances(service)) this.#waiting.add(service.name);
  }

  #note(error: unknown): void {
    const cause = error instanceof Error ? error.message : String(error);
    if (!this.#trouble)
      this.#log.warn(
        { event: "store-away", cause },
        "the registry's store is away: serving on, and writing when it is back",
      );
    const { since = this.#clock.unix(), times = 0 } = this.#trouble ?? {};
    this.#trouble = { since, cause, times: times + 1 };
  }

  #pauseMs(): number {
    return Math.min(RETRY_CAP_MS, WRITE_EVERY_MS * 2 ** (this.#trouble?.times ?? 0));
  }
}
