import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { until } from "./until.ts";

/** One end of a TCP connection, byte by byte: what was received, as latin1, and whether it ended. */
export class RawPeer {
  readonly socket: Socket;
  received = "";
  /** The other side sent FIN. */
  ended = false;
  closed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (bytes) => {
      this.received += bytes.toString("latin1");
    });
    socket.on("end", () => {
      this.ended = true;
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.closed = true;
    });
  }

  send(text: string): void {
    this.socket.write(text, "latin1");
  }

  /** Waits until all of `text` came in one piece somewhere. */
  async sees(text: string): Promise<void> {
    await until(() => this.received.includes(text), { what: `${JSON.stringify(text)} from the peer` });
  }

  /** Waits until the other side has ended, and gives back all that came. */
  async wholeText(): Promise<string> {
    await until(() => this.ended || this.closed, { what: "the end of the connection" });
    return this.received;
  }
}

/** Connects to a local port; cut when the test ends. */
export async function rawClient(t: TestContext, port: number): Promise<RawPeer> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  const peer = new RawPeer(socket);
  t.after(() => socket.destroy());
  await until(() => !socket.connecting, { what: "a connection" });
  return peer;
}

export interface RawApp {
  readonly host: string;
  readonly port: number;
  /** Each connection that was made, in its order. */
  readonly peers: RawPeer[];
}

/** An app whose every byte the test decides; stopped when the test ends. */
export async function rawApp(
  t: TestContext,
  onConnection: (peer: RawPeer) => void = () => {},
): Promise<RawApp> {
  const peers: RawPeer[] = [];
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const peer = new RawPeer(socket);
    peers.push(peer);
    onConnection(peer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const peer of peers) peer.socket.destroy();
    server.close();
  });
  return { host: "127.0.0.1", port: (server.address() as AddressInfo).port, peers };
}

/** An app that gives the same answer to each request that has come in full; requests have no body. */
export const answering =
  (answer: string) =>
  (peer: RawPeer): void => {
    let answered = 0;
    peer.socket.on("data", () => {
      const asked = peer.received.split("\r\n\r\n").length - 1;
      for (; answered < asked; answered++) peer.send(answer);
    });
  };
