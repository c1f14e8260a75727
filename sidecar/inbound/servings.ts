import type { Bus, Message, Subscription } from "../../src/bus/bus.ts";
import { decode } from "../../src/protocol/decode.ts";
import { encodeCancel, encodeRefuse } from "../../src/protocol/encode.ts";
import { Kind, type Open } from "../../src/protocol/frame.ts";
import { callerOf, mayAnswer } from "../../src/subjects/reply.ts";
import type { Subject, Subjects, Target } from "../../src/subjects/subjects.ts";
import { ENDLESS_AFTER_MS } from "../exchange/limits.ts";
import type { UnderWay } from "../observe/under-way.ts";
import type { Service } from "../stack/call.ts";
import { failed } from "../stack/outcome.ts";
import { Slots } from "../stack/slots.ts";
import type { Sweep } from "../stack/sweep.ts";
import { readOpen } from "./read-open.ts";
import { Serving } from "./serving.ts";
import { TraceIndex } from "./trace-index.ts";
import { CallerWatch } from "./watch-callers.ts";

export interface ServingsOptions {
  readonly bus: Bus;
  readonly sweep: Sweep;
  readonly subjects: Subjects;
  readonly service: string;
  readonly version: string;
  readonly instance: string;
  readonly idleTimeoutMs: number;
  /** What serves a call: the inbound stack with the app at its end. */
  readonly serve: Service;
  /** Told of each message that was not answered, and why: a wrong reply subject, bytes that make no frame. */
  readonly dropped: (reason: string, subject: string) => void;
}

/** Of `00-<trace id>`. */
const TRACE_LENGTH = 35;

/** All the calls that this instance serves, and the subscriptions that bring them. */
export class Servings {
  readonly bus: Bus;
  readonly sweep: Sweep;
  readonly service: string;
  readonly instance: string;
  readonly idleTimeoutMs: number;
  readonly target: Target;
  readonly #options: ServingsOptions;
  readonly #open = new Slots<Serving>();
  readonly #byTrace = new TraceIndex();
  /** Those whose callers know who has them. A small call is answered before anybody knows, so it is never here. */
  readonly #known = new Map<string, Serving>();
  readonly #forNew: Subscription[] = [];
  readonly #forOpen: Subscription;
  readonly #callers: CallerWatch;
  #draining = false;
  #whenEmpty: (() => void) | undefined;
  /** Calls that were under way when the broker was lost: their callers are told when it is back. */
  #cutOff: Subject[] = [];
  readonly #stopStates: () => void;

  constructor(options: ServingsOptions) {
    const { bus, sweep, subjects, service, version, instance } = options;
    this.#options = options;
    this.bus = bus;
    this.sweep = sweep;
    this.service = service;
    this.instance = instance;
    this.idleTimeoutMs = options.idleTimeoutMs;
    this.target = { kind: "version", version };
    const subject = subjects.inbound(service, { kind: "instance", instance });
    // A queue group of its own, so that a message comes once while a connection is being replaced.
    this.#forOpen = bus.subscribe(subject, instance, (message) => this.#onMessage(message));
    const each = (visit: (serving: Serving) => void) => this.#known.forEach(visit);
    this.#callers = new CallerWatch({ bus, sweep, service, instance, each });
    this.#stopStates = bus.onState(({ kind }) => {
      if (kind === "away") this.#cutAll();
      else if (kind === "connected") this.#tellCutOff();
    });
  }

  get size(): number {
    return this.#open.size;
  }

  get admitting(): boolean {
    return this.#forNew.length > 0;
  }

  /**
   * When the call that came with this trace context, or one of its trace, is due; the latest of several, and Infinity
   * when there is none. A trace id is 16 random bytes (W3C Trace Context §3.2.2.3), so it is no other call's.
   */
  dueAtOf(traceparent: string): number {
    const trace = traceparent.slice(0, TRACE_LENGTH);
    let exact: number | undefined;
    let latest = Number.NEGATIVE_INFINITY;
    this.#byTrace.each(traceparent, (slot) => {
      const call = this.#open.get(slot)?.call;
      if (call?.traceparent?.startsWith(trace) !== true) return;
      if (call.traceparent === traceparent) exact = call.dueAt;
      latest = Math.max(latest, call.dueAt);
    });
    if (exact !== undefined) return exact;
    return latest === Number.NEGATIVE_INFINITY ? Number.POSITIVE_INFINITY : latest;
  }

  /** Whether one is under way that may end soon. */
  get busy(): boolean {
    const begunAfter = this.sweep.now() - ENDLESS_AFTER_MS;
    return this.#open.some(({ isPending, call }) => isPending || call.startedAt > begunAfter);
  }

  /** The calls that have no outcome yet. */
  underWay(): UnderWay[] {
    const found: UnderWay[] = [];
    this.#open.each(({ isPending, call }) => {
      if (isPending) found.push({ call, startedAt: call.startedAt, instance: this.instance });
    });
    return found;
  }

  /** Joins the queue groups: calls come from now on. */
  join(): void {
    if (this.admitting || this.#draining) return;
    const { bus, subjects, service } = this.#options;
    for (const target of [this.target, { kind: "any" } as const])
      this.#forNew.push(
        bus.subscribe(subjects.inbound(service, target), service, (message) => this.#onMessage(message)),
      );
  }

  /** Leaves the queue groups: no new call comes, those under way go on. */
  leave(): void {
    for (const subscription of this.#forNew.splice(0)) subscription.unsubscribe();
  }

  /**
   * Leaves for good, and resolves when the last call under way has ended.
   * What still arrives is refused as undelivered, so that its caller asks another instance.
   */
  async drain(): Promise<void> {
    this.leave();
    await this.bus.flush().catch(() => {});
    this.#draining = true;
    if (this.#open.size > 0)
      await new Promise<void>((resolve) => {
        this.#whenEmpty = resolve;
      });
  }

  close(): void {
    this.leave();
    this.#forOpen.unsubscribe();
    this.#callers.close();
    this.#stopStates();
    this.#open.each((serving) => serving.breakOff("gone", "the instance was stopped"));
  }

  /** Where a call is kept, until it is forgotten. */
  remember(serving: Serving): number {
    return this.#open.take(serving);
  }

  /** The caller is about to learn who has the call: from now on it may send further frames of it. */
  expectFrames(serving: Serving): void {
    this.#known.set(serving.reply, serving);
    this.#callers.begin();
  }

  /** May be called twice. */
  forget(serving: Serving): void {
    this.sweep.delete(serving);
    if (this.#open.get(serving.slot) !== serving) return;
    this.#open.free(serving.slot);
    this.#byTrace.delete(serving.slot);
    if (this.#known.get(serving.reply) === serving) this.#known.delete(serving.reply);
    if (this.#open.size === 0) this.#whenEmpty?.();
  }

  #onMessage({ subject, reply, data }: Message): void {
    // A reply subject that is not the sender's own would make us publish for him where he may not.
    if (!mayAnswer(subject, reply, this.service)) {
      this.#options.dropped("the reply subject is not the sender's own", subject);
      return;
    }
    const frame = decode(data);
    const to = reply as Subject;
    if (frame.kind === 0) {
      this.#options.dropped(`the message is not a frame (${frame.reason})`, subject);
      const code = frame.reason === "version" ? "version" : "bad-request";
      this.bus.send(to, encodeRefuse(0, code, "the callee's sidecar cannot read the message", this.instance));
    } else if (frame.kind === Kind.open) this.#onOpen(frame, subject, to);
    else this.#known.get(reply)?.onFrame(frame);
  }

  #onOpen(open: Open, subject: string, reply: Subject): void {
    if (this.#draining) {
      this.bus.send(
        reply,
        encodeRefuse(0, "draining", `${this.service} (instance ${this.instance}) is leaving`, this.instance),
      );
      return;
    }
    const head = readOpen(open);
    if (head.problem !== undefined) {
      this.#options.dropped(head.problem, subject);
      this.bus.send(reply, encodeRefuse(0, "bad-request", head.problem, this.instance));
      return;
    }
    const serving = new Serving(open, head, callerOf(subject), reply, this);
    this.sweep.add(serving);
    const served = this.#options.serve(serving.call);
    // Not before: a call that came without a context has got one by now.
    if (serving.call.traceparent !== undefined && this.#open.get(serving.slot) === serving)
      this.#byTrace.add(serving.slot, serving.call.traceparent);
    served.then(
      (outcome) => serving.answer(outcome),
      () => serving.answer(failed("internal", "unknown", "the callee's sidecar failed on this call")),
    );
  }

  /** Answers can no longer be sent, and frames may be lost: an early end beats a silent wait. */
  #cutAll(): void {
    this.#open.each((serving) => {
      this.#cutOff.push(serving.reply);
      serving.end("broker-lost");
    });
  }

  #tellCutOff(): void {
    const message = `${this.service} (instance ${this.instance}) lost the broker while it had the call`;
    for (const reply of this.#cutOff.splice(0))
      this.bus.send(reply, encodeCancel("broker-lost", message, this.instance));
  }
}
