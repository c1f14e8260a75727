import { connect, type Socket } from "node:net";

/** `data` is only good until the handler returns. */
export type WireHandler = (reply: string, data: Buffer, subject: string) => void;

const BUFFER_BYTES = 256 * 1024;
const CR = 13;

/**
 * The bare NATS protocol on a socket: publish and subscribe, nothing else (NATS client protocol: CONNECT, PING, PONG,
 * SUB, PUB, MSG). What a connection costs at the least, to compare the mesh with; not for use elsewhere. Publishes are
 * written once per turn of the event loop.
 */
export class NatsWire {
  readonly #socket: Socket;
  readonly #handlers: WireHandler[] = [];
  readonly #spare: Buffer[] = [];
  #out: Buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #used = 0;
  #flushing = false;
  #pending: Buffer | undefined;
  readonly ready: Promise<void>;

  constructor(port: number) {
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.on("data", (chunk: Buffer) => this.#read(chunk));
    this.#socket.write('CONNECT {"verbose":false,"pedantic":false,"headers":false,"lang":"weft-bench"}\r\n');
    this.ready = new Promise((resolve, reject) => {
      this.#socket.once("connect", resolve).once("error", reject);
      this.#socket.once("close", () => reject(new Error("the broker closed the connection")));
    });
  }

  subscribe(subject: string, queue: string, handler: WireHandler): void {
    const id = this.#handlers.push(handler) - 1;
    this.#socket.write(`SUB ${subject} ${queue} ${id}\r\n`);
  }

  publish(subject: string, reply: string, data: Buffer): void {
    const line = `PUB ${subject} ${reply === "" ? "" : `${reply} `}${data.length}\r\n`;
    const bytes = line.length + data.length + 2;
    if (this.#used + bytes > BUFFER_BYTES) this.#flush();
    let at = this.#used + this.#out.write(line, this.#used, "latin1");
    at += data.copy(this.#out, at);
    at += this.#out.write("\r\n", at, "latin1");
    this.#used = at;
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #flush(): void {
    if (this.#used === 0) return;
    const full = this.#out;
    this.#socket.write(full.subarray(0, this.#used), () => {
      if (this.#spare.length < 8) this.#spare.push(full);
    });
    this.#out = this.#spare.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
    this.#used = 0;
  }

  #read(chunk: Buffer): void {
    const data = this.#pending ? Buffer.concat([this.#pending, chunk]) : chunk;
    this.#pending = undefined;
    let at = 0;
    while (at < data.length) {
      const end = data.indexOf(CR, at);
      if (end < 0) break;
      const line = data.toString("latin1", at, end);
      if (line.startsWith("MSG ")) {
        const fields = line.split(" ");
        const size = Number(fields.at(-1));
        const from = end + 2;
        if (data.length < from + size + 2) break;
        const reply = fields.length === 5 ? fields[3]! : "";
        this.#handlers[Number(fields[2])]!(reply, data.subarray(from, from + size), fields[1]!);
        at = from + size + 2;
      } else {
        if (line === "PING") this.#socket.write("PONG\r\n");
        if (line.startsWith("-ERR")) this.#socket.destroy(new Error(line));
        at = end + 2;
      }
    }
    if (at < data.length) this.#pending = data.subarray(at);
  }
}
