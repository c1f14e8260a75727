import { connect, type OnReadOpts, type Socket } from "node:net";
import { type Code, type Delivered, meaningOf } from "../../src/protocol/code.ts";
import type { Body } from "../stack/body.ts";
import type { Call } from "../stack/call.ts";
import { failed, type Outcome } from "../stack/outcome.ts";
import type { Timed } from "../stack/sweep.ts";
import { AnswerIntake, type AnswerOwner } from "./answer-intake.ts";
import type { AppPool, Job } from "./app-client.ts";
import { BodyWriter, type WriterOwner, writeMessage } from "./body-writer.ts";
import { BY_CLOSE, type Extent, type IncomingBody } from "./incoming-body.ts";
import { withoutMeshFields } from "./mesh-fields.ts";
import { Progress } from "./progress.ts";
import { planRequest } from "./request-plan.ts";
import type { ResponseHead } from "./response-head.ts";

const CONNECTING = 0;
const IDLE = 1;
/** The request is on its way, or sent; the answer was not handed on. */
const ASKED = 2;
/** The answer was handed on; its body, or a tunnel, goes on. */
const ANSWERED = 3;
const GONE = 4;

/** As in the server, a message of the bus should fit into the write buffer. */
const SOCKET_OPTIONS = { noDelay: true, allowHalfOpen: true, highWaterMark: 128 * 1024 };

/** All connections read into this memory, one after the other; what has to stay is copied. */
const SHARED = Buffer.allocUnsafeSlow(64 * 1024);

/** RFC 9110 §9.2.2. */
export const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** One connection to the app: one call at a time. */
export class AppConnection implements AnswerOwner, WriterOwner, Timed {
  dueAt = Number.POSITIVE_INFINITY;
  sweepSlot = -1;
  readonly #pool: AppPool;
  readonly #socket: Socket;
  readonly #intake: AnswerIntake;
  readonly #progress: Progress;
  readonly #cancel = (code: Code) => this.#cancelled(code);
  #state = CONNECTING;
  #job: Job | undefined;
  /** It has served a call before, so the app may be closing it at this moment. */
  #reused = false;
  #writer: BodyWriter | undefined;
  #error: Error | undefined;

  constructor(pool: AppPool) {
    const onread: OnReadOpts = { buffer: SHARED, callback: (length) => this.#onData(length) };
    const socket = connect({ ...pool.address, ...SOCKET_OPTIONS, onread });
    this.#pool = pool;
    this.#socket = socket;
    this.#intake = new AnswerIntake(socket, this, pool.headBytes, pool.maxFields);
    this.#progress = new Progress(socket);
    this.wakeIn(pool.connectTimeoutMs);
    socket.on("connect", () => this.#ask(this.#job!.call));
    socket.on("drain", () => this.#writer?.drained());
    socket.on("end", () => {
      if (!this.#intake.eof()) socket.destroy();
    });
    socket.on("error", (error) => {
      this.#error = error;
    });
    socket.on("close", () => this.#onClose());
  }

  /** Takes a call; only when none is under way. */
  begin(job: Job): void {
    this.#job = job;
    this.#pool.active++;
    job.call.onCancel = this.#cancel;
    if (this.#state === IDLE) this.#ask(job.call);
  }

  /** It can take a call: the app has not closed it. */
  get usable(): boolean {
    return this.#state === IDLE && !this.#socket.destroyed;
  }

  /** When it came to rest, by the sweep's clock. */
  get restsSince(): number {
    return this.dueAt - this.#pool.keepMs;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  wakeIn(ms: number): void {
    this.dueAt = this.#pool.sweep.now() + ms;
    this.#pool.sweep.add(this);
  }

  #onData(length: number): boolean {
    this.#intake.take(SHARED, length);
    return true;
  }

  #ask(call: Call): void {
    this.#state = ASKED;
    this.dueAt = Number.POSITIVE_INFINITY;
    const plan = planRequest(call.head);
    if (plan === undefined || !writeMessage(this.#socket, plan.head, plan.body, plan.extent)) {
      const message = "the request body does not have the length that its head says";
      this.#settle(failed("broken-stream", "no", message));
      call.head.body.abandon("broken-stream");
      this.#rest();
      return;
    }
    this.#intake.expect(call.head.method);
    if (plan.body.complete) call.onRequestEnded?.();
    else {
      call.spent = true;
      this.#send(plan.body, plan.extent);
    }
  }

  #send(body: Body, extent: Extent): void {
    this.#writer = new BodyWriter(this.#socket, body, extent, this);
    body.read(this.#writer);
  }

  wrote(problem: Code | undefined): void {
    this.#writer = undefined;
    if (problem !== undefined) this.#break(problem, meaningOf(problem).cause);
    else if (this.#state === ASKED) this.#job?.call.onRequestEnded?.();
  }

  onInterim(head: ResponseHead): void {
    const { status, reason, headers } = head;
    this.#job!.call.onInterim?.({ status, reason, headers: withoutMeshFields(headers) });
  }

  onAnswer(head: ResponseHead, body: Body): void {
    this.#state = ANSWERED;
    if (!body.complete) this.#watch();
    const { status, reason, headers } = head;
    const { instance } = this.#pool;
    this.#job!.resolve({
      kind: "replied",
      status,
      reason,
      headers: withoutMeshFields(headers),
      body,
      instance,
    });
  }

  /** A request that was answered in full before all of it was sent is not sent to its end. */
  onAnswerEnd(head: ResponseHead, more: boolean): void {
    if (head.keepAlive && !more && this.#writer === undefined) {
      this.#release();
      this.#rest();
    } else this.#end("cancelled");
  }

  /** RFC 9110 §7.8: only a switch that was asked for. */
  onSwitch(head: ResponseHead, tunnel: IncomingBody): void {
    const { call } = this.#job!;
    if (call.head.upgrade === undefined) {
      this.onBadAnswer("it switches protocols without being asked");
      return;
    }
    this.onAnswer(head, tunnel);
    this.#send(call.head.body, BY_CLOSE);
  }

  onBadAnswer(message: string): void {
    this.#break("app-protocol", `the app's answer cannot be read: ${message}`);
  }

  onDropped(code: Code): void {
    this.#end(code);
  }

  #cancelled(code: Code): void {
    this.#break(code, meaningOf(code).cause, this.#state === CONNECTING ? "no" : "unknown");
  }

  /** The call cannot go on, and neither can the connection. */
  #break(code: Code, message: string, delivered: Delivered = "unknown"): void {
    if (this.#state < ANSWERED) this.#settle(failed(code, delivered, message));
    this.#end(code);
  }

  #settle(outcome: Outcome): void {
    const job = this.#job;
    this.#release();
    job?.resolve(outcome);
  }

  #release(): void {
    const job = this.#job;
    if (job === undefined) return;
    this.#job = undefined;
    this.#pool.active--;
    if (job.call.onCancel === this.#cancel) job.call.onCancel = undefined;
  }

  #rest(): void {
    this.#state = IDLE;
    this.#reused = true;
    this.wakeIn(this.#pool.keepMs);
    if (this.#socket.isPaused()) this.#socket.resume();
    this.#pool.release(this);
  }

  #end(code: Code): void {
    const writer = this.#writer;
    this.#state = GONE;
    this.#writer = undefined;
    this.#release();
    this.#socket.destroy();
    this.#intake.close(code);
    writer?.stop(code);
  }

  #onClose(): void {
    const job = this.#job;
    this.#pool.sweep.delete(this);
    if (this.#state === CONNECTING) {
      const why = this.#error?.message ?? `no connection within ${this.#pool.connectTimeoutMs} ms`;
      this.#break("app-unreachable", `the app at ${this.#pool.name} cannot be reached: ${why}`, "no");
    } else if (this.#state === ASKED && job !== undefined && this.#mayAskAgain(job)) {
      this.#release();
      this.#pool.takeAgain(job);
    } else this.#break("app-reset", "the app closed the connection before its answer was complete");
    this.#state = GONE;
    this.#pool.gone(this);
  }

  /**
   * The keep-alive race (RFC 9112 §9.3.1): the app closed a kept connection at the moment when it was used again.
   * No byte of an answer has come, and asking again is harmless. Once for a call, and never on a connection that has not
   * answered before. An app that read the call and then closed looks the same, so the owner has the last word.
   */
  #mayAskAgain({ call, retried }: Job): boolean {
    const { method, body } = call.head;
    if (!this.#reused || !this.#intake.untouched || retried) return false;
    return IDEMPOTENT.has(method) && body.complete && this.#pool.mayAskAgain(call);
  }

  /** From now on something has to move within the idle time. */
  #watch(): void {
    this.#progress.moved();
    this.wakeIn(this.#pool.idleTimeoutMs);
  }

  due(): void {
    if (this.#intake.gathering) this.#intake.due();
    else if (this.#state === CONNECTING || this.#state === IDLE) this.#socket.destroy();
    else if (this.#state === ANSWERED) {
      const stalled = this.#socket.writableNeedDrain || this.#intake.awaitsBody;
      if (!this.#progress.moved() && stalled) this.#end("idle");
      else this.wakeIn(this.#pool.idleTimeoutMs);
    }
  }
}
