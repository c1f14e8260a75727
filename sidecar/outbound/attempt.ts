import type { Code } from "../../src/protocol/code.ts";
import { encodeCancel, encodeCredit } from "../../src/protocol/encode.ts";
import { Flag, type Frame, type Head, Kind, type Sequenced } from "../../src/protocol/frame.ts";
import type { Subject } from "../../src/subjects/subjects.ts";
import { isToken } from "../../src/subjects/token.ts";
import { Inflow } from "../exchange/inflow.ts";
import { GAP_MS, LOST_AFTER_MS, WINDOW_BYTES } from "../exchange/limits.ts";
import { Outflow } from "../exchange/outflow.ts";
import { type Receiver, Sequencer } from "../exchange/sequencer.ts";
import { checkHeaders } from "../http/check-headers.ts";
import { type Body, type Framing, wholeBody } from "../stack/body.ts";
import type { Call } from "../stack/call.ts";
import { type Failed, failed, type Outcome } from "../stack/outcome.ts";
import type { Timed } from "../stack/sweep.ts";
import { lastAttempt, whereTimeWent } from "../stack/where-time-went.ts";
import { isTime, toldAs } from "./end-of-time.ts";
import type { Exchanges } from "./exchanges.ts";
import { instanceOf, readHead } from "./read-head.ts";
import { noInstanceOf, refusalOf } from "./refusal.ts";
import { sampled, writeOpen } from "./write-open.ts";

/**
 * One attempt of a call, from OPEN to the last frame of either direction: the caller's end of an exchange.
 * It resolves with the head of the answer; the bodies may go on for long after that.
 */
export class Attempt implements Receiver, Timed {
  readonly call: Call;
  readonly reply: Subject;
  readonly subject: Subject;
  readonly #home: Exchanges;
  #resolve: ((outcome: Outcome) => void) | undefined;
  readonly startedAt: number;
  /** Who has the call, once it said so. */
  instance = "";
  dueAt: number;
  sweepSlot = -1;
  /** Where the exchanges keep it. */
  readonly slot: number;
  #outflow: Outflow | undefined;
  #inflow: Inflow | undefined;
  readonly #order = new Sequencer();
  #body: Body;
  #requestDone = false;
  #limit = 0;
  #answerDone = false;
  /** Why the attempt ended before anybody said that he has the call: he is told as soon as he is known. */
  #orphaned: Code | undefined;

  constructor(call: Call, subject: Subject, home: Exchanges, resolve: (outcome: Outcome) => void) {
    this.call = call;
    this.subject = subject;
    this.slot = home.remember(this);
    this.reply = home.replySubject(call.callee, this.slot);
    this.#home = home;
    this.#resolve = resolve;
    this.#body = call.head.body;
    this.startedAt = home.sweep.now();
    this.dueAt = this.startedAt + LOST_AFTER_MS;
    call.onCancel = (code) => this.#cancel(code);
  }

  /** Sends OPEN. False when the broker is away, or the head alone is longer than a message may be. */
  open(): boolean {
    const { bus, sweep, brokerTraces } = this.#home;
    const open = writeOpen(this.call, bus.maxPayload, sweep.now());
    if (open === undefined) return false;
    this.#body = open.body;
    this.#requestDone = open.body.complete;
    const traceparent = brokerTraces ? sampled(this.call.traceparent) : undefined;
    return bus.send(this.subject, open.frame, this.reply, traceparent);
  }

  onFrame(frame: Frame): void {
    switch (frame.kind) {
      case Kind.accept:
        if (this.#heardFrom(frame.instance)) this.#granted(frame.limit);
        break;
      case Kind.credit:
        this.#granted(frame.limit);
        break;
      case Kind.refuse:
        this.#named(frame.instance);
        this.#close();
        this.#settleFailure(refusalOf(frame));
        break;
      case Kind.cancel:
        this.#named(frame.instance);
        this.fail(frame.code, "unknown", this.#whyCancelled(frame.code, frame.message));
        break;
      case Kind.head:
      case Kind.data:
      case Kind.end:
        this.#sequenced(frame);
    }
  }

  /** It has no outcome yet; the bodies of one that has may still go on. */
  get isPending(): boolean {
    return this.#resolve !== undefined;
  }

  onNoResponders(): void {
    if (this.instance === "") this.fail("no-instance", "no", noInstanceOf(this.call));
    else this.fail("gone", "unknown", `${this.#who()} has left the broker`);
  }

  /** The sweep: nothing was heard for too long. */
  due(): void {
    if (this.#orphaned !== undefined) this.#home.forget(this);
    else if (this.#order.waiting) this.breakOff("broken-stream", "a frame was lost on the way");
    else if (this.isPending && this.instance === "")
      this.fail("lost", "unknown", `no instance confirmed the call within ${LOST_AFTER_MS} ms`);
    else if (this.#waitsForAnswer) {
      this.#postpone(this.#home.idleTimeoutMs);
      this.#home.sweep.add(this);
    } else this.breakOff("idle", `nothing moved for ${this.#home.idleTimeoutMs} ms`);
  }

  /** The app thinks: that is under the deadline, when there is one, and no stream that could be idle. */
  get #waitsForAnswer(): boolean {
    return this.isPending && this.#requestDone && Number.isFinite(this.call.head.timeoutMs);
  }

  #named(instance: string): void {
    if (this.#orphaned === undefined && isToken(instance)) this.call.instance = instance;
  }

  /** Ends the attempt with a failure, on this side only. */
  fail(code: Code, delivered: "no" | "unknown", message: string): void {
    this.#close();
    this.#settleFailure(failed(code, delivered, message));
  }

  /** Ends it and tells the callee, now or when it is known. */
  breakOff(code: Code, message: string): void {
    if (this.instance === "") this.#orphaned = code;
    else {
      this.#toInstance(encodeCancel(toldAs(code)));
      this.#close();
    }
    this.#settleFailure(failed(code, "unknown", message));
  }

  #settleFailure(failure: Failed): void {
    this.call.onCancel = undefined;
    this.#outflow?.stop(failure.code);
    this.#inflow?.fail(failure.code);
    this.#settle(failure);
  }

  #cancel(code: Code): void {
    const why = code === "outrun" ? "another attempt was answered first" : "the caller left";
    this.breakOff(code, isTime(code) ? this.#whereTimeWent() : why);
  }

  #sequenced(frame: Sequenced): void {
    const kept = this.#order.take(frame, this);
    if (!kept) this.breakOff("broken-stream", "too many frames were lost on the way");
    else this.#postpone(this.#order.waiting ? GAP_MS : this.#home.idleTimeoutMs);
  }

  inOrder(frame: Sequenced): void {
    if (frame.kind === Kind.head) {
      this.#onHead(frame);
      return;
    }
    const problem = frame.kind === Kind.end ? checkHeaders(frame.trailers).problem : undefined;
    if (problem !== undefined || this.#inflow === undefined || !this.#inflow.take(frame))
      this.breakOff("broken-stream", problem ?? `${this.#who()} sent more than it was given credit for`);
  }

  /**
   * Takes down who has the call. Only a name may be: it becomes part of a subject.
   * @returns false when there is nothing more to do with the frame
   */
  #heardFrom(instance: string): boolean {
    if (!isToken(instance)) {
      this.fail("broken-stream", "unknown", `an instance of ${this.call.callee} gave a name that is none`);
      return false;
    }
    if (this.instance === "") {
      this.instance = instance;
      this.#named(instance);
    }
    if (this.#orphaned === undefined) return true;
    this.#toInstance(encodeCancel(toldAs(this.#orphaned)));
    this.#home.forget(this);
    return false;
  }

  #onHead(frame: Head): void {
    if (!this.#heardFrom(instanceOf(frame))) return;
    const asksForTunnel = this.call.head.upgrade !== undefined;
    const head =
      this.#resolve === undefined ? { problem: "it is the second" } : readHead(frame, asksForTunnel);
    if (head.problem !== undefined) {
      this.breakOff("broken-stream", `${this.#who()} sent a head that is none: ${head.problem}`);
      return;
    }
    const { interim, framing, status, reason, headers } = head;
    if (interim) {
      this.call.onInterim?.({ status, reason, headers });
      return;
    }
    const last = (frame.flags & Flag.last) !== 0;
    const body = last ? wholeBody(frame.body, framing) : this.#receive(framing, frame.body);
    if (last) this.#answered();
    this.#settle({ kind: "replied", status, reason, headers, body, instance: this.instance });
  }

  #receive(framing: Framing, first: Buffer): Inflow {
    this.#inflow = new Inflow(framing, first, WINDOW_BYTES, {
      credit: (limit) => this.#toInstance(encodeCredit(limit)),
      abandoned: (code) => this.breakOff(code, "the caller left"),
      ended: () => this.#answered(),
    });
    return this.#inflow;
  }

  /** The answer is here in full. Only a tunnel goes on from here: else the callee wants no more of the request. */
  #answered(): void {
    this.#answerDone = true;
    if (!this.#requestDone && this.call.head.upgrade !== undefined && this.#inflow !== undefined) return;
    if (!this.#requestDone) this.#stopRequest();
    this.#close();
  }

  /** No frame of this exchange is of interest any more. */
  #close(): void {
    this.#home.forget(this);
    this.call.onCancel = undefined;
  }

  /** A callee that has no place for the call yet grants nothing; and a credit may overtake the receipt that names him. */
  #granted(limit: number): void {
    this.#postpone(this.#home.idleTimeoutMs);
    this.#limit = Math.max(this.#limit, limit);
    if (this.#outflow !== undefined) this.#outflow.grant(limit);
    else if (!this.#requestDone && this.#limit > 0 && this.instance !== "") this.#sendRest(this.#limit);
  }

  #sendRest(limit: number): void {
    this.call.spent = true;
    const peer = {
      send: (frame: Buffer) => this.#toInstance(frame),
      sent: (problem: Code | undefined) => this.#requestSent(problem),
      chunkBytes: () => this.#home.chunkBytes(),
    };
    this.#outflow = new Outflow(this.#body, peer, 0, limit);
  }

  #requestSent(problem: Code | undefined): void {
    if (problem !== undefined) {
      this.breakOff(problem, "the request's body broke off");
      return;
    }
    this.#requestDone = true;
    this.call.onRequestEnded?.();
    if (this.#answerDone) this.#close();
  }

  #stopRequest(): void {
    this.#requestDone = true;
    if (this.#outflow === undefined) this.#body.abandon("cancelled");
    else this.#outflow.stop("cancelled");
  }

  #toInstance(frame: Buffer): void {
    this.#postpone(this.#home.idleTimeoutMs);
    this.#home.sendToInstance(this, frame);
  }

  #postpone(forMs: number): void {
    this.dueAt = this.#home.sweep.now() + forMs;
  }

  #settle(outcome: Outcome): void {
    const resolve = this.#resolve;
    if (resolve === undefined) return;
    this.#resolve = undefined;
    resolve(outcome);
  }

  #who(): string {
    const { callee } = this.call;
    return this.instance === "" ? callee : `${callee} (instance ${this.instance})`;
  }

  /** Both ends keep the same deadline, so either may be the first to find it past; only this one knows it all. */
  #whyCancelled(code: Code, message: string): string {
    if (isTime(code)) return this.#whereTimeWent();
    return message || `${this.#who()} gave up on the call`;
  }

  #whereTimeWent(): string {
    const now = this.#home.sweep.now();
    return whereTimeWent(this.call, now, lastAttempt(this.call, now - this.startedAt, this.instance));
  }
}
