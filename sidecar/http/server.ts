import { type AddressInfo, createServer, type Socket } from "node:net";
import { Sweep } from "../stack/sweep.ts";
import { meshAnswer } from "./mesh-answer.ts";
import { HEAD_LIMITS } from "./request-head.ts";
import type { RequestLimits } from "./request-intake.ts";
import { type OnRequest, ServerConnection, type ServerContext } from "./server-connection.ts";

export interface HttpServerOptions {
  /**
   * Told of each request. One at a time for each connection: the next one comes after `responder.reply` is done. May be
   * left out where `welcome` gives each connection one of its own.
   */
  readonly onRequest?: OnRequest;
  /** Gets each connection that was accepted; it, or a socket around it, goes to `HttpServer.begin`, or is destroyed. */
  readonly welcome?: (socket: Socket) => void;
  readonly limits?: Partial<RequestLimits>;
  /** Renders the answers to what is no request; `meshAnswer` when left out. */
  readonly answers?: typeof meshAnswer;
  /** How long a head may take from its first byte, and the first head from the connect; 10 s. nginx has 60 s. */
  readonly headTimeoutMs?: number;
  /** How long a kept connection may rest, and a body or a tunnel may stand still; 5 min (semantics.md). */
  readonly idleTimeoutMs?: number;
  /** More connections at a time than these are closed at once; no limit when left out. */
  readonly maxConnections?: number;
  /** The timer of the process. */
  readonly sweep?: Sweep;
}

export interface HttpServer {
  /** The open connections. */
  readonly connections: number;
  /** @throws Error when not listening */
  readonly address: AddressInfo;
  /**
   * @param port 0 for any free one
   * @throws Error that says what to do when the address cannot be had
   */
  listen(host: string, port: number): Promise<AddressInfo>;
  /** Speaks HTTP on a connection that `welcome` was given. */
  begin(socket: Socket, onRequest?: OnRequest): void;
  /**
   * Takes no more connections, ends those that rest, and the others after the answer that is due.
   * @param graceMs after that time all are cut
   */
  close(graceMs: number): Promise<void>;
}

/** A pause of the writer costs a turn of the loop, so a whole message of the bus should fit before one is asked for. */
const WRITE_BUFFER_BYTES = 128 * 1024;

/**
 * Connections that may wait to be accepted; the system allows at most `net.core.somaxconn`, which is 4096 on Linux, and
 * Envoy's default. With Node's 511 the rest of those that come during a stall hang in the kernel for long after it.
 */
const BACKLOG = 4096;

/** An HTTP/1.1 server that is strict about what it reads, and keeps what it passes on as it was written. */
export function serveHttp(options: HttpServerOptions): HttpServer {
  const context: ServerContext = {
    limits: { ...HEAD_LIMITS, ...options.limits },
    headTimeoutMs: options.headTimeoutMs ?? 10_000,
    idleTimeoutMs: options.idleTimeoutMs ?? 300_000,
    sweep: options.sweep ?? new Sweep(),
    connections: new Set(),
    answers: options.answers ?? meshAnswer,
    closing: false,
    onEnd() {},
  };
  const begin = (socket: Socket, onRequest = options.onRequest!): void => {
    const connection = new ServerConnection(context, socket, onRequest);
    if (context.closing) connection.close();
  };
  const server = createServer(
    { noDelay: true, allowHalfOpen: true, highWaterMark: WRITE_BUFFER_BYTES },
    options.welcome ?? ((socket) => begin(socket)),
  );
  if (options.maxConnections !== undefined) server.maxConnections = options.maxConnections;

  const address = (): AddressInfo => {
    const bound = server.address();
    if (bound === null || typeof bound === "string") throw new Error("this HTTP server does not listen");
    return bound;
  };

  return {
    begin,
    get connections() {
      return context.connections.size;
    },
    get address() {
      return address();
    },
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once("error", (error: NodeJS.ErrnoException) => reject(cannotListen(host, port, error)));
        server.listen({ port, host, backlog: BACKLOG }, () => {
          server.removeAllListeners("error");
          // Accepting can fail for a while (no file descriptors left); those who have a connection go on.
          server.on("error", () => {});
          resolve(address());
        });
      }),
    close: (graceMs) =>
      new Promise((resolve) => {
        context.closing = true;
        const cut = setTimeout(() => {
          for (const connection of context.connections) connection.destroy();
        }, graceMs);
        const done = () => {
          if (server.listening || context.connections.size > 0) return;
          clearTimeout(cut);
          resolve();
        };
        const before = context.onEnd;
        context.onEnd = () => {
          before();
          done();
        };
        server.close(done);
        for (const connection of context.connections) connection.close();
      }),
  };
}

function cannotListen(host: string, port: number, error: NodeJS.ErrnoException): Error {
  const where = `${host}:${port}`;
  switch (error.code) {
    case "EADDRINUSE":
      return new Error(
        `${where} is taken: give another port (0 picks a free one), or stop what listens there`,
      );
    case "EACCES":
      return new Error(`${where} may not be listened on by this user: give a port above 1023`);
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new Error(`${host} is not an address of this machine: give 127.0.0.1`);
    default:
      return new Error(`cannot listen on ${where}: ${error.message}`);
  }
}
