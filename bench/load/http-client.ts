import { connect, type Socket } from "node:net";
import { requestOf, type Scenario } from "../scenario.ts";
import type { HttpTarget } from "./result.ts";

/** The bytes of the scenario's request. */
export function requestBytes({ host }: HttpTarget, scenario: Scenario): Buffer {
  const { method, path } = requestOf(scenario);
  const { bodyBytes } = scenario;
  const length = bodyBytes === 0 ? "" : `Content-Length: ${bodyBytes}\r\n`;
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${length}\r\n${"x".repeat(bodyBytes)}`);
}

/**
 * One keep-alive connection that asks one thing at a time, as lean as a generator must be. Reads answers with a
 * `Content-Length` only; anything else counts as an error and closes the connection.
 */
export class HttpConnection {
  readonly #socket: Socket;
  #done: ((ok: boolean) => void) | undefined;
  #head = "";
  #ok = false;
  #bodyLeft = -1;

  constructor(port: number) {
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("data", (chunk: Buffer) => this.#read(chunk));
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => this.#finish(false));
  }

  get usable(): boolean {
    return !this.#socket.destroyed;
  }

  /** Sends one request; `done` is told whether a 2xx came. */
  ask(request: Buffer, done: (ok: boolean) => void): void {
    this.#done = done;
    this.#socket.write(request);
  }

  destroy(): void {
    this.#done = undefined;
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    let body = chunk;
    if (this.#bodyLeft < 0) {
      this.#head += chunk.toString("latin1");
      const end = this.#head.indexOf("\r\n\r\n");
      if (end < 0) return;
      const length = /\r\ncontent-length: *(\d+)/i.exec(this.#head.slice(0, end + 2))?.[1];
      if (length === undefined) {
        this.#socket.destroy();
        return;
      }
      this.#ok = this.#head.startsWith("HTTP/1.1 2");
      this.#bodyLeft = Number(length);
      body = chunk.subarray(chunk.length - (this.#head.length - end - 4));
      this.#head = "";
    }
    this.#bodyLeft -= body.length;
    if (this.#bodyLeft > 0) return;
    this.#bodyLeft = -1;
    this.#finish(this.#ok);
  }

  #finish(ok: boolean): void {
    const done = this.#done;
    this.#done = undefined;
    done?.(ok);
  }
}
