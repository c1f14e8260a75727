import type { Code } from "../../src/protocol/code.ts";
import {
  encodeAccept,
  encodeCancel,
  encodeCredit,
  encodeHead,
  encodeRefuse,
} from "../../src/protocol/encode.ts";
import { Flag, type Frame, Kind, type Open, PREFIX, type Sequenced } from "../../src/protocol/frame.ts";
import type { Subject } from "../../src/subjects/subjects.ts";
import { fitBody } from "../exchange/fit-body.ts";
import { Inflow } from "../exchange/inflow.ts";
import { chunkBytes, FIRST_BYTES, GAP_MS, RECEIPT_AFTER_MS } from "../exchange/limits.ts";
import { Outflow } from "../exchange/outflow.ts";
import { type Receiver, Sequencer } from "../exchange/sequencer.ts";
import { checkHeaders } from "../http/check-headers.ts";
import { type Body, wholeBody } from "../stack/body.ts";
import { Call, type Interim } from "../stack/call.ts";
import type { Outcome, Replied } from "../stack/outcome.ts";
import type { Timed } from "../stack/sweep.ts";
import type { OpenHead } from "./read-open.ts";
import type { Servings } from "./servings.ts";

/** One call that this instance serves: the callee's end of an exchange. */
export class Serving implements Receiver, Timed {
  readonly call: Call;
  readonly reply: Subject;
  dueAt: number;
  sweepSlot = -1;
  /** Where the servings keep it. */
  readonly slot: number;
  readonly #home: Servings;
  readonly #order = new Sequencer();
  readonly #responseWindow: number;
  #sequence = 0;
  #receipt = false;
  #inflow: Inflow | undefined;
  #outflow: Outflow | undefined;
  #requestDone: boolean;
  #answerDone = false;
  /** Set when the call is over here: what its service still says goes nowhere. */
  #over = false;

  constructor(open: Open, head: OpenHead, caller: string, reply: Subject, home: Servings) {
    this.#home = home;
    this.reply = reply;
    this.slot = home.remember(this);
    this.#responseWindow = open.window;
    const now = home.sweep.now();
    this.#requestDone = (open.flags & Flag.last) !== 0;
    this.call = new Call(
      {
        caller,
        callee: home.service,
        target: home.target,
        method: head.method,
        path: head.path,
        headers: head.headers,
        upgrade: head.upgrade,
        body: this.#requestBody(open, head),
        timeoutMs: open.remainingMs === 0 ? Number.POSITIVE_INFINITY : open.remainingMs,
      },
      now,
    );
    this.call.attempt = open.attempt;
    this.call.mirrored = (open.flags & Flag.mirrored) !== 0;
    this.call.traceparent = head.traceparent;
    if ((open.flags & Flag.interim) !== 0) this.call.onInterim = (interim) => this.#sendInterim(interim);
    this.dueAt = now + RECEIPT_AFTER_MS;
  }

  /** It has no outcome yet; the bodies of one that has may still go on. */
  get isPending(): boolean {
    return this.#outflow === undefined && !this.#answerDone;
  }

  onFrame(frame: Frame): void {
    switch (frame.kind) {
      case Kind.credit:
        this.#outflow?.grant(frame.limit);
        this.#postpone(this.#home.idleTimeoutMs);
        break;
      case Kind.cancel:
        this.end(frame.code === "deadline" ? "deadline" : "cancelled");
        break;
      case Kind.data:
      case Kind.end:
        if (!this.#order.take(frame, this))
          this.breakOff("broken-stream", "too many frames were lost on the way");
        else this.#postpone(this.#order.waiting ? GAP_MS : this.#home.idleTimeoutMs);
    }
  }

  /** The sweep: time for the receipt, or nothing has moved for too long. */
  due(): void {
    if (this.#order.waiting) this.breakOff("broken-stream", "a frame was lost on the way");
    else if (this.#receipt && !this.#waitsForApp)
      this.breakOff("idle", `nothing moved for ${this.#home.idleTimeoutMs} ms`);
    else {
      if (!this.#receipt) this.#sendReceipt(0);
      this.#postpone(this.#home.idleTimeoutMs);
      this.#home.sweep.add(this);
    }
  }

  answer(outcome: Outcome): void {
    if (this.#over) {
      if (outcome.kind === "replied") outcome.body.abandon("cancelled");
    } else if (outcome.kind === "replied") this.#sendReply(outcome);
    else if (outcome.kind === "refused") {
      this.#send(
        encodeRefuse(
          outcome.retryAfterMs ?? 0,
          outcome.code,
          outcome.message,
          this.#home.instance,
          outcome.headers,
        ),
      );
      this.end(outcome.code);
    } else if (outcome.delivered === "no") {
      this.#send(encodeRefuse(0, outcome.code, outcome.message, this.#home.instance));
      this.end(outcome.code);
    } else this.breakOff(outcome.code, outcome.message);
  }

  /** Ends it on this side only: the caller wants no answer, or has had it, or cannot be reached. */
  end(code: Code): void {
    if (this.#over) return;
    this.#over = true;
    this.#home.forget(this);
    this.call.cancel(code);
    this.#inflow?.fail(code);
    this.#outflow?.stop(code);
  }

  /** Ends it and tells the caller. */
  breakOff(code: Code, message: string): void {
    this.#send(encodeCancel(code, message, this.#home.instance));
    this.end(code);
  }

  #requestBody(open: Open, head: OpenHead): Body {
    const hasBody = (open.flags & Flag.body) !== 0;
    const framing = !hasBody ? "none" : head.contentLength === undefined ? "until-end" : "length";
    if (this.#requestDone) return wholeBody(open.body, framing);
    // Nothing more may come before somebody reads: what was not sent can still go to another instance.
    this.#inflow = new Inflow(framing, open.body, 0, {
      credit: (limit) => (this.#receipt ? this.#send(encodeCredit(limit)) : this.#sendReceipt(limit)),
      // The app wants no more of the request; its answer may still come.
      abandoned: () => this.#requestOver(),
      ended: () => {
        this.call.onRequestEnded?.();
        this.#requestOver();
      },
    });
    return this.#inflow;
  }

  inOrder(frame: Sequenced): void {
    if (frame.kind === Kind.head) return;
    const problem = frame.kind === Kind.end ? checkHeaders(frame.trailers).problem : undefined;
    if (problem !== undefined) this.breakOff("broken-stream", problem);
    else if (this.#inflow?.take(frame) === false)
      this.breakOff("broken-stream", "the caller sent more than it was given credit for");
  }

  #sendReceipt(limit: number): void {
    this.#receipt = true;
    this.#home.expectFrames(this);
    this.#send(encodeAccept(limit, this.#home.instance));
  }

  #sendInterim({ status, reason, headers }: Interim): void {
    this.#home.expectFrames(this);
    this.#send(
      encodeHead(0, status, this.#sequence++, `${this.#home.instance}\n${reason}\n${headers}`, NOTHING),
    );
  }

  #sendReply(reply: Replied): void {
    const text = `${this.#home.instance}\n${reply.reason}\n${reply.headers}`;
    const room = this.#home.bus.maxPayload - PREFIX.head - text.length;
    if (room < 0) {
      reply.body.abandon("too-large");
      this.breakOff("too-large", "the head of the answer does not fit into one message of the broker");
      return;
    }
    const body = fitBody(reply.body, Math.min(room, FIRST_BYTES));
    const flags = (body.complete ? Flag.last : 0) | (body.framing === "none" ? 0 : Flag.body);
    if (!body.complete) this.#home.expectFrames(this);
    this.#send(encodeHead(flags, reply.status, this.#sequence++, text, body.first));
    if (body.complete) {
      this.#answerOver();
      return;
    }
    const peer = {
      send: (frame: Buffer) => this.#send(frame),
      sent: (problem: Code | undefined) => {
        if (problem === undefined) this.#answerOver();
        else this.breakOff(problem, "the answer's body broke off");
      },
      chunkBytes: () => chunkBytes(this.#home.bus.maxPayload),
    };
    this.#outflow = new Outflow(body, peer, this.#sequence, this.#responseWindow);
  }

  #requestOver(): void {
    this.#requestDone = true;
    if (this.#answerDone) this.#home.forget(this);
  }

  /** The answer is sent in full. Only a tunnel goes on from here: else nobody reads the rest of the request. */
  #answerOver(): void {
    this.#answerDone = true;
    const tunnel = this.call.head.upgrade !== undefined && this.#outflow !== undefined;
    if (this.#requestDone) this.#home.forget(this);
    else if (!tunnel) this.end("cancelled");
  }

  /** The app thinks, and its time is limited: by the deadline, which the caller has, too. */
  get #waitsForApp(): boolean {
    return this.isPending && this.#requestDone && Number.isFinite(this.call.head.timeoutMs);
  }

  #send(frame: Buffer): void {
    this.#postpone(this.#home.idleTimeoutMs);
    this.#home.bus.send(this.reply, frame);
  }

  #postpone(forMs: number): void {
    if (this.#receipt) this.dueAt = this.#home.sweep.now() + forMs;
  }
}

const NOTHING = Buffer.alloc(0);
