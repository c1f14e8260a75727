import type { ServerResponse } from "node:http";
import { type Clock, every } from "../../../registry/clock.ts";
import type { Drops } from "../../../registry/drops.ts";
import type { Signals } from "../view/signals.ts";
import { REPORT_MS } from "../wire.ts";

/** What a reader may leave unread besides the newest graph. */
const MAX_UNREAD_BYTES = 1024 * 1024;
const MAX_READERS = 64;
/** After how long a browser's EventSource connects again, in ms. */
const RETRY_MS = 1000;

interface Reader {
  readonly response: ServerResponse;
  readonly windowMs: number;
}

/** Server-sent events (WHATWG HTML §9.2): the graph, at once and then as often as sidecars report. */
export class SignalStream {
  readonly #signals: Signals;
  readonly #drops: Drops;
  readonly #readers = new Set<Reader>();
  readonly #stop: () => void;

  constructor(signals: Signals, clock: Clock, drops: Drops) {
    this.#signals = signals;
    this.#drops = drops;
    this.#stop = every(
      clock,
      () => REPORT_MS,
      () => this.#tell(),
    );
  }

  get full(): boolean {
    return this.#readers.size >= MAX_READERS;
  }

  add(response: ServerResponse, windowMs: number): void {
    response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    response.write(`retry: ${RETRY_MS}\n\n${this.#graph(windowMs)}`);
    const reader = { response, windowMs };
    this.#readers.add(reader);
    response.on("close", () => this.#readers.delete(reader));
    response.on("error", () => this.#readers.delete(reader));
  }

  close(): void {
    this.#stop();
    for (const { response } of this.#readers) response.end();
  }

  #tell(): void {
    const graphs = new Map<number, string>();
    for (const reader of this.#readers) {
      const { response, windowMs } = reader;
      const graph = graphs.get(windowMs) ?? this.#graph(windowMs);
      graphs.set(windowMs, graph);
      if (response.writableLength <= MAX_UNREAD_BYTES) response.write(graph);
      else {
        this.#readers.delete(reader);
        this.#drops.count("watcher-slow", response.socket?.remoteAddress ?? "");
        response.destroy();
      }
    }
  }

  /** One event; JSON has no line breaks, which would end its data. */
  #graph(windowMs: number): string {
    return `event: graph\ndata: ${JSON.stringify(this.#signals.graph(windowMs))}\n\n`;
  }
}
