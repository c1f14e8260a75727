import type { ServerResponse } from "node:http";
import type { Catalog } from "../catalog.ts";
import { type Clock, every } from "../clock.ts";
import type { Drops } from "../drops.ts";
import type { InstanceEvent } from "../wire.ts";
import { Journal } from "./journal.ts";
import { changeOf, headOf, instancesOf } from "./views.ts";

/** A comment this often keeps proxies and readers from giving up. */
export const COMMENT_EVERY_MS = 15_000;
/** What a reader may leave unread besides its snapshot. */
const MAX_UNREAD_BYTES = 1024 * 1024;
const MAX_WATCHERS = 64;
/** After how long a browser's EventSource connects again, in ms. */
const RETRY_MS = 1000;

interface Watcher {
  readonly response: ServerResponse;
  readonly service: string | undefined;
  readonly allowedBytes: number;
}

/** Server-sent events (WHATWG HTML §9.2) of every change, to those who watch over HTTP. */
export class Watchers {
  readonly #catalog: Catalog;
  readonly #drops: Drops;
  readonly #journal: Journal;
  readonly #watchers = new Set<Watcher>();
  readonly #stops: (() => void)[];

  constructor(catalog: Catalog, clock: Clock, drops: Drops) {
    this.#catalog = catalog;
    this.#drops = drops;
    this.#journal = new Journal(catalog);
    this.#stops = [
      catalog.onChange((event) => this.#tell(event)),
      every(
        clock,
        () => COMMENT_EVERY_MS,
        () => this.#comment(),
      ),
    ];
  }

  get count(): number {
    return this.#watchers.size;
  }

  get full(): boolean {
    return this.#watchers.size >= MAX_WATCHERS;
  }

  /**
   * Writes the head and then events for as long as the reader stays.
   * @param lastId the `Last-Event-ID` of a reader that comes back
   */
  add(response: ServerResponse, service: string | undefined, lastId: string | undefined): void {
    response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    const missed = lastId === undefined ? undefined : this.#journal.after(lastId);
    const start =
      missed === undefined
        ? this.#snapshot(service)
        : missed
            .filter((event) => concerns(event, service))
            .map((event) => this.#text(event))
            .join("");
    const text = `retry: ${RETRY_MS}\n\n${start}`;
    response.write(text);
    const watcher = { response, service, allowedBytes: Buffer.byteLength(text) + MAX_UNREAD_BYTES };
    this.#watchers.add(watcher);
    response.on("close", () => this.#watchers.delete(watcher));
    response.on("error", () => this.#watchers.delete(watcher));
  }

  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
    for (const { response } of this.#watchers) response.end();
  }

  #tell(event: InstanceEvent): void {
    if (this.#watchers.size === 0) return;
    const text = this.#text(event);
    for (const watcher of this.#watchers) if (concerns(event, watcher.service)) this.#write(watcher, text);
  }

  #comment(): void {
    for (const watcher of this.#watchers) this.#write(watcher, ":\n\n");
  }

  #write(watcher: Watcher, text: string): void {
    const { response, allowedBytes } = watcher;
    if (response.writableLength + text.length <= allowedBytes) {
      response.write(text);
      return;
    }
    this.#watchers.delete(watcher);
    this.#drops.count("watcher-slow", response.socket?.remoteAddress ?? "");
    response.destroy();
  }

  #snapshot(service: string | undefined): string {
    const instances = instancesOf(this.#catalog, { service, state: "up" });
    return frame("snapshot", this.#journal.id, { ...headOf(this.#catalog), instances });
  }

  #text(event: InstanceEvent): string {
    return frame(event.kind, `${event.registryStart}-${event.revision}`, changeOf(event));
  }
}

const concerns = (event: InstanceEvent, service: string | undefined): boolean =>
  service === undefined || event.row.service === service;

/** One event; JSON has no line breaks, which would end its data. */
const frame = (kind: string, id: string, data: unknown): string =>
  `event: ${kind}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
