import type { AddressInfo } from "node:net";
import { connect, createServer, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { RawPeer } from "./raw.ts";
import { until } from "./until.ts";

/** One end of a TCP connection that is read piece by piece: `received` is what came and was not taken yet. */
export class Wire extends RawPeer {
  /** Takes everything up to and with `mark`, as soon as it is here. */
  async upTo(mark: string): Promise<string> {
    const at = await until(() => this.received.indexOf(mark) + 1, {
      what: `${JSON.stringify(mark)} to come; so far: ${JSON.stringify(this.received.slice(0, 500))}`,
    });
    const end = at - 1 + mark.length;
    const text = this.received.slice(0, end);
    this.received = this.received.slice(end);
    return text;
  }

  /** Takes one message head. */
  head(): Promise<string> {
    return this.upTo("\r\n\r\n");
  }

  /** Takes so many bytes, as soon as they are here. */
  async take(length: number): Promise<string> {
    await until(() => this.received.length >= length, { what: `${length} bytes to come` });
    const text = this.received.slice(0, length);
    this.received = this.received.slice(length);
    return text;
  }

  /** Takes the rest, when the other end has closed. */
  rest(): Promise<string> {
    return this.wholeText();
  }

  /** Ends the connection without a word (RST). */
  reset(): void {
    this.socket.resetAndDestroy();
  }
}

/** Connects to a sidecar's listener as a client that writes its own bytes. */
export async function wireTo(t: TestContext, listen: string): Promise<Wire> {
  const [host = "", port = ""] = listen.split(":");
  const socket = connect({ host, port: Number(port), noDelay: true });
  t.after(() => socket.destroy());
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  return new Wire(socket);
}

export interface WireApp {
  readonly host: string;
  readonly port: number;
  /** The next connection on which something was asked; health checks ask nothing. */
  accept(): Promise<Wire>;
  /** Listens no more, and breaks all connections. */
  die(): void;
}

/** An app that writes its own bytes. */
export async function wireApp(t: TestContext): Promise<WireApp> {
  const asked: Wire[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    const wire = new Wire(socket);
    socket.once("data", () => asked.push(wire));
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const die = () => {
    server.close();
    for (const socket of sockets) socket.resetAndDestroy();
  };
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    host: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    accept: async () => {
      await until(() => asked.length > 0, { what: "a request to reach the app" });
      return asked.shift()!;
    },
    die,
  };
}

/** A head as written, from lines. */
export const lines = (...each: readonly string[]): string => `${each.join("\r\n")}\r\n\r\n`;
