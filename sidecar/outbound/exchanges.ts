import type { Bus } from "../../src/bus/bus.ts";
import { decode } from "../../src/protocol/decode.ts";
import { encodeCancel } from "../../src/protocol/encode.ts";
import { ReplyIds, repliesTo, slotOf } from "../../src/subjects/reply.ts";
import type { Subject, Subjects } from "../../src/subjects/subjects.ts";
import { chunkBytes, ENDLESS_AFTER_MS } from "../exchange/limits.ts";
import type { UnderWay } from "../observe/under-way.ts";
import type { Service } from "../stack/call.ts";
import { failed } from "../stack/outcome.ts";
import { Slots } from "../stack/slots.ts";
import type { Sweep } from "../stack/sweep.ts";
import { Attempt } from "./attempt.ts";

export interface ExchangesOptions {
  readonly bus: Bus;
  readonly sweep: Sweep;
  readonly subjects: Subjects;
  readonly service: string;
  readonly instance: string;
  /** How long nothing may move on a stream. */
  readonly idleTimeoutMs: number;
  /** Whether the broker is being restarted as planned. */
  readonly pause: { readonly isOn: boolean };
  /** Whether the broker traces, so that it is to have the context of a sampled call in the NATS header. */
  readonly brokerTraces: boolean;
}

/** All the exchanges that this sidecar has open as caller; each answer finds its attempt by its reply subject. */
export class Exchanges {
  readonly bus: Bus;
  readonly sweep: Sweep;
  readonly idleTimeoutMs: number;
  readonly brokerTraces: boolean;
  readonly #subjects: Subjects;
  readonly #self: string;
  readonly #pause: ExchangesOptions["pause"];
  readonly #ids: ReplyIds;
  readonly #open = new Slots<Attempt>();
  /** Attempts that were under way when the broker was lost: who has them is told when it is back. */
  #cutOff: Attempt[] = [];

  constructor(options: ExchangesOptions) {
    const { bus, sweep, subjects, service, instance, idleTimeoutMs, pause, brokerTraces } = options;
    this.#pause = pause;
    this.brokerTraces = brokerTraces;
    this.bus = bus;
    this.sweep = sweep;
    this.idleTimeoutMs = idleTimeoutMs;
    this.#subjects = subjects;
    this.#self = service;
    this.#ids = new ReplyIds(service, instance);
    // Plain, not a queue group: the broker tells "no responders" to plain subscriptions only.
    bus.subscribe(repliesTo(service, instance), undefined, ({ subject, data, noResponders }) => {
      const attempt = this.#open.get(slotOf(subject));
      // Not ours, or not any more. The subject holds the responder's name, so nobody can answer for another.
      if (attempt?.reply !== subject) return;
      if (noResponders) {
        attempt.onNoResponders();
        return;
      }
      const frame = decode(data);
      if (frame.kind !== 0) attempt.onFrame(frame);
      else if (frame.reason === "version")
        attempt.fail("version", "unknown", "the answer's protocol version is unknown");
      else attempt.fail("broken-stream", "unknown", "the answer is not a frame");
    });
    bus.onState((state) => {
      if (state.kind === "connected") this.#tellCutOff();
      else this.#failAll();
    });
    bus.onDenied((subject) => this.#denied(subject));
  }

  get size(): number {
    return this.#open.size;
  }

  /** The leaf of the outbound stack: one attempt over the bus. */
  readonly send: Service = (call) => {
    const { callee, target } = call;
    if (call.cancelled !== undefined)
      return Promise.resolve(failed(call.cancelled, "no", "the call ended before it was sent"));
    call.begun++;
    return new Promise((resolve) => {
      const subject = this.#subjects.request(callee, target, this.#self);
      const attempt = new Attempt(call, subject, this, resolve);
      this.sweep.add(attempt);
      if (!attempt.open()) this.#notSent(attempt);
    });
  };

  /** Where an attempt is kept, until it is forgotten. */
  remember(attempt: Attempt): number {
    return this.#open.take(attempt);
  }

  replySubject(callee: string, slot: number): Subject {
    return this.#ids.next(callee, slot);
  }

  /** No answer is looked at any more. May be called twice. */
  forget(attempt: Attempt): void {
    if (this.#open.get(attempt.slot) === attempt) this.#open.free(attempt.slot);
    this.sweep.delete(attempt);
  }

  sendToInstance(attempt: Attempt, frame: Buffer): void {
    const { callee } = attempt.call;
    const subject = this.#subjects.request(
      callee,
      { kind: "instance", instance: attempt.instance },
      this.#self,
    );
    this.bus.send(subject, frame, attempt.reply);
  }

  chunkBytes(): number {
    return chunkBytes(this.bus.maxPayload);
  }

  /** The registry declared an instance gone: whoever waits for it hears now, not at the deadline. */
  instanceGone(service: string, instance: string): void {
    this.#open.each((attempt) => {
      if (attempt.instance === instance && attempt.call.callee === service)
        attempt.fail("gone", "unknown", `${service} (instance ${instance}) has gone`);
    });
  }

  /** Whether one is open that may end soon. */
  get busy(): boolean {
    const begunAfter = this.sweep.now() - ENDLESS_AFTER_MS;
    return this.#open.some(({ isPending, startedAt }) => isPending || startedAt > begunAfter);
  }

  /** The attempts that have no outcome yet. */
  underWay(): UnderWay[] {
    const found: UnderWay[] = [];
    this.#open.each((attempt) => {
      if (attempt.isPending) found.push(attempt);
    });
    return found;
  }

  #notSent(attempt: Attempt): void {
    if (this.bus.state.kind === "connected")
      attempt.fail(
        "too-large",
        "no",
        `the head is longer than the broker's limit of ${this.bus.maxPayload} bytes`,
      );
    else attempt.fail("broker-away", "no", "this sidecar has no connection to the broker");
  }

  /** What was under way may be lost in either direction, and nobody would tell: an early end beats a silent wait. */
  #failAll(): void {
    const why = this.#pause.isOn
      ? "the broker was restarted as planned, and the call took longer than that waits for calls under way"
      : "the connection to the broker broke while the call was under way";
    this.#open.each((attempt) => {
      attempt.breakOff("broker-lost", why);
      if (attempt.instance !== "") this.#cutOff.push(attempt);
    });
  }

  /** Only this end may have lost the broker: then the app still works for nobody. */
  #tellCutOff(): void {
    for (const attempt of this.#cutOff.splice(0)) this.sendToInstance(attempt, encodeCancel("broker-lost"));
  }

  /** The broker names only the subject: it refuses all attempts on it, so it does not matter which one this was. */
  #denied(subject: string): void {
    let denied: Attempt | undefined;
    this.#open.each((attempt) => {
      if (attempt.subject === subject && attempt.instance === "") denied ??= attempt;
    });
    if (denied === undefined) return;
    const { call } = denied;
    call.access = `refused by the broker: policy lets ${this.#self} call nothing of ${call.callee}`;
    denied.fail("denied", "no", `${this.#self} may not call ${call.callee}`);
  }
}
