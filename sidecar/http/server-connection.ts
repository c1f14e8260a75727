import type { Socket } from "node:net";
import type { Code } from "../../src/protocol/code.ts";
import type { Body } from "../stack/body.ts";
import type { Interim } from "../stack/call.ts";
import type { Sweep, Timed } from "../stack/sweep.ts";
import { BodyWriter, type WriterOwner, writeMessage } from "./body-writer.ts";
import type { Request, Responder } from "./exchange.ts";
import { BY_CLOSE, type Extent, type IncomingBody } from "./incoming-body.ts";
import type { meshAnswer } from "./mesh-answer.ts";
import { Progress } from "./progress.ts";
import { planReply } from "./reply-plan.ts";
import type { HeadProblem, RequestHead } from "./request-head.ts";
import { asksForTunnel, type IntakeOwner, RequestIntake, type RequestLimits } from "./request-intake.ts";
import { type Answerer, type Sent, ServerExchange } from "./server-exchange.ts";

/** What the connections of one server share. */
export interface ServerContext {
  readonly limits: RequestLimits;
  readonly headTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly sweep: Sweep;
  readonly connections: Set<ServerConnection>;
  /** Renders what is no request. */
  readonly answers: typeof meshAnswer;
  /** Connections end after the answer that is due. */
  closing: boolean;
  /** Told of each connection that has ended. */
  onEnd: () => void;
}

export type OnRequest = (request: Request, responder: Responder) => void;

/** A request is awaited, or answered. */
const OPEN = 0;
const TUNNEL = 1;
/** The last answer is on its way out. */
const ENDING = 2;
/** All was said; the client has a moment to hear it, so that no reset overtakes the answer (RFC 9112 §9.6). */
const LINGERING = 3;

const LINGER_MS = 2000;

/** One client's connection: hands its requests on, and writes the answers in their order. */
export class ServerConnection implements Answerer, IntakeOwner, WriterOwner, Timed {
  dueAt = Number.POSITIVE_INFINITY;
  sweepSlot = -1;
  readonly #context: ServerContext;
  readonly #socket: Socket;
  readonly #onRequest: OnRequest;
  readonly #intake: RequestIntake;
  readonly #progress: Progress;
  #state = OPEN;
  #current: ServerExchange | undefined;
  #keepAlive = true;
  #replied = false;
  #writer: BodyWriter | undefined;
  #sent: Sent;

  constructor(context: ServerContext, socket: Socket, onRequest: OnRequest) {
    this.#context = context;
    this.#socket = socket;
    this.#onRequest = onRequest;
    this.#intake = new RequestIntake(socket, this, context.limits, context.headTimeoutMs);
    this.#progress = new Progress(socket);
    context.connections.add(this);
    this.wakeIn(context.headTimeoutMs);
    socket.on("data", (bytes) => this.#intake.take(bytes as Buffer));
    socket.on("drain", () => this.#onDrain());
    socket.on("end", () => this.#onEnd());
    socket.on("error", () => {});
    socket.on("close", () => this.#onClose());
  }

  /** Ends the connection now when nothing is asked on it, else after the answer. */
  close(): void {
    if (this.#state === OPEN && this.#intake.resting) this.#socket.destroySoon();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  wakeIn(ms: number): void {
    this.dueAt = this.#context.sweep.now() + ms;
    this.#context.sweep.add(this);
  }

  onRequest(head: RequestHead, body: Body): void {
    const exchange = new ServerExchange(this, head, body);
    this.#current = exchange;
    this.#keepAlive = head.keepAlive;
    this.#replied = false;
    if (this.#intake.unfinished) this.#watch();
    else this.dueAt = Number.POSITIVE_INFINITY;
    this.#onRequest(exchange, exchange);
  }

  onProblem(problem: HeadProblem): void {
    const { status, reason, headers, body } = this.#context.answers(problem.code, problem.message);
    const head = `HTTP/1.1 ${status} ${reason}\r\n${headers}Connection: close\r\n\r\n`;
    writeMessage(this.#socket, head, body, body.first.length);
    this.#linger();
  }

  sendInterim(exchange: ServerExchange, { status, reason, headers }: Interim): void {
    if (exchange !== this.#current || this.#replied || exchange.minorVersion === 0) return;
    // Nobody grants credit for these, and a hostile callee could send them without end.
    if (this.#socket.writableNeedDrain) return;
    this.#socket.write(`HTTP/1.1 ${status} ${reason}\r\n${headers}\r\n`, "latin1");
  }

  sendReply(
    exchange: ServerExchange,
    status: number,
    reason: string,
    headers: string,
    body: Body,
    sent: Sent,
  ): void {
    if (exchange !== this.#current || this.#replied) {
      body.abandon("cancelled");
      sent?.("cancelled");
      return;
    }
    this.#replied = true;
    this.#sent = sent;
    if (exchange.isTunnelBy(status)) this.#switch(exchange, status, reason, headers, body);
    else this.#reply(exchange, status, reason, headers, body);
  }

  #reply(exchange: ServerExchange, status: number, reason: string, headers: string, body: Body): void {
    // The tunnel that was asked for never comes.
    if (asksForTunnel(exchange)) (exchange.body as IncomingBody).eof("cancelled");
    // The rest of a request that was answered in full is not waited for, so nothing can follow it.
    const answeredEarly = this.#intake.unfinished && body.complete;
    const isTunnelRefused = exchange.method === "CONNECT";
    const mayKeep = this.#keepAlive && !answeredEarly && !isTunnelRefused && !this.#context.closing;
    const plan = planReply(exchange, status, reason, headers, body, mayKeep);
    this.#keepAlive = plan.keepAlive;
    if (plan.body !== body) body.abandon("cancelled");
    if (!writeMessage(this.#socket, plan.head, plan.body, plan.extent)) {
      body.abandon("broken-stream");
      this.wrote("broken-stream");
    } else if (plan.body.complete) this.wrote(undefined);
    else this.#stream(plan.body, plan.extent);
  }

  #stream(body: Body, extent: Extent): void {
    this.#writer = new BodyWriter(this.#socket, body, extent, this);
    this.#watch();
    body.read(this.#writer);
  }

  /** RFC 9110 §7.8, §9.3.6: from here on the bytes are another protocol's. */
  #switch(exchange: ServerExchange, status: number, reason: string, headers: string, body: Body): void {
    this.#state = TUNNEL;
    const upgrade = status === 101 ? "Connection: Upgrade\r\n" : "";
    const head = `HTTP/1.1 ${status} ${reason}\r\n${headers}${upgrade}\r\n`;
    writeMessage(this.#socket, head, body, BY_CLOSE);
    this.#intake.openTunnel(exchange.body as IncomingBody);
    if (body.complete) {
      this.#socket.end();
      this.wrote(undefined);
    } else this.#stream(body, BY_CLOSE);
  }

  wrote(problem: Code | undefined): void {
    const sent = this.#sent;
    this.#writer = undefined;
    this.#sent = undefined;
    if (problem !== undefined) this.#socket.destroy();
    // A tunnel lasts until both directions have ended: then the socket closes by itself.
    else if (this.#state !== TUNNEL) this.#answered();
    sent?.(problem);
  }

  #answered(): void {
    this.#current = undefined;
    if (this.#intake.unfinished || !this.#keepAlive || this.#context.closing) this.#linger();
    else {
      this.wakeIn(this.#context.idleTimeoutMs);
      this.#intake.next();
    }
  }

  #linger(): void {
    this.#state = ENDING;
    this.#watch();
    this.#intake.close();
    this.#socket.end(() => {
      this.#state = LINGERING;
      this.wakeIn(LINGER_MS);
    });
  }

  #onDrain(): void {
    if (this.#writer !== undefined) this.#writer.drained();
    else if (this.#intake.resting) this.#intake.next();
  }

  /**
   * The client sent FIN. With a request under way that counts as leaving, as with Envoy and nginx: a client that closes
   * its socket looks exactly so, and the app should hear of it at once. Only a tunnel may be half closed.
   */
  #onEnd(): void {
    if (this.#state === TUNNEL) this.#intake.eof();
    else if (this.#state === OPEN && this.#intake.resting) this.#socket.end();
    else if (this.#state === OPEN) this.#socket.destroy();
  }

  #onClose(): void {
    const exchange = this.#current;
    const sent = this.#sent;
    const ended = this.#state === TUNNEL && this.#writer === undefined && this.#socket.readableEnded;
    this.#current = undefined;
    this.#sent = undefined;
    this.#context.connections.delete(this);
    this.#intake.close();
    this.#writer?.stop("cancelled");
    this.#context.sweep.delete(this);
    sent?.("cancelled");
    if (!ended) exchange?.onGone?.();
    this.#context.onEnd();
  }

  /** From now on something has to move within the idle time. */
  #watch(): void {
    this.#progress.moved();
    this.wakeIn(this.#context.idleTimeoutMs);
  }

  due(): void {
    if (this.#state === OPEN && this.#intake.waits) this.#intake.due();
    else if (this.#state === LINGERING) this.#socket.destroy();
    else if (this.#progress.moved()) this.wakeIn(this.#context.idleTimeoutMs);
    else if (this.#state !== OPEN || this.#socket.writableNeedDrain) this.#socket.destroy();
    else if (this.#intake.awaitsBody) this.#intake.fail("idle");
    else if (this.#writer !== undefined || this.#intake.unfinished) this.wakeIn(this.#context.idleTimeoutMs);
  }
}
