import type { Socket } from "node:net";

/** Tells whether anything moved on a socket since one looked last, without any work for each chunk. */
export class Progress {
  readonly #socket: Socket;
  #seen = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  moved(): boolean {
    const socket = this.#socket;
    // `bytesWritten` counts what waits in this process too.
    const total = socket.bytesRead + socket.bytesWritten - socket.writableLength;
    const moved = total !== this.#seen;
    this.#seen = total;
    return moved;
  }
}
