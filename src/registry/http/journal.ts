import type { Catalog } from "../catalog.ts";
import type { InstanceEvent } from "../wire.ts";

const KEPT = 1024;

/** The last changes of a catalog, so that a watcher who lost its connection can go on where it was. */
export class Journal {
  readonly #catalog: Catalog;
  #events: InstanceEvent[] = [];

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
    catalog.onChange((event) => {
      this.#events.push(event);
      if (this.#events.length > 2 * KEPT) this.#events = this.#events.slice(-KEPT);
    });
  }

  /** The id of the newest event, or of the snapshot that has it in: `<registryStart>-<revision>`. */
  get id(): string {
    return `${this.#catalog.registryStart}-${this.#catalog.revision}`;
  }

  /** @returns the events after `id`, or undefined when they are not all here: a snapshot is needed. */
  after(id: string): readonly InstanceEvent[] | undefined {
    const [start, revision] = id.split("-").map(Number);
    if (start !== this.#catalog.registryStart || !Number.isSafeInteger(revision)) return undefined;
    const oldest = this.#events[0]?.revision ?? this.#catalog.revision + 1;
    if (revision! < oldest - 1 || revision! > this.#catalog.revision) return undefined;
    return this.#events.filter((event) => event.revision > revision!);
  }
}
