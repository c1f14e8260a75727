import type { Code } from "../../src/protocol/code.ts";
import type { Body } from "../stack/body.ts";
import type { Interim } from "../stack/call.ts";
import type { Request, Responder } from "./exchange.ts";
import type { RequestHead } from "./request-head.ts";

export type Sent = ((problem: Code | undefined) => void) | undefined;

/** The connection as one request on it sees it. It ignores a request that is no longer the present one. */
export interface Answerer {
  sendInterim(exchange: ServerExchange, interim: Interim): void;
  sendReply(
    exchange: ServerExchange,
    status: number,
    reason: string,
    headers: string,
    body: Body,
    sent: Sent,
  ): void;
}

/** One request and its answer. */
export class ServerExchange implements Request, Responder {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly path: string;
  readonly minorVersion: 0 | 1;
  readonly headers: string;
  readonly body: Body;
  readonly upgrade: string | undefined;
  onGone: (() => void) | undefined;
  readonly #connection: Answerer;

  constructor(connection: Answerer, head: RequestHead, body: Body) {
    this.#connection = connection;
    this.method = head.method;
    this.target = head.target;
    this.host = head.host;
    this.path = head.path;
    this.minorVersion = head.minorVersion;
    this.headers = head.headers;
    this.body = body;
    this.upgrade = head.upgrade;
    this.onGone = undefined;
  }

  /** Whether an answer makes a tunnel of the connection: the 101 that was asked for, or a 2xx to CONNECT. */
  isTunnelBy(status: number): boolean {
    if (this.method === "CONNECT") return status >= 200 && status < 300;
    return this.upgrade !== undefined && status === 101;
  }

  interim(interim: Interim): void {
    this.#connection.sendInterim(this, interim);
  }

  reply(status: number, reason: string, headers: string, body: Body, sent?: Sent): void {
    this.#connection.sendReply(this, status, reason, headers, body, sent);
  }
}
