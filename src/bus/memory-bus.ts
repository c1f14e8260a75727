import { covers } from "../subjects/covers.ts";
import type { Subject } from "../subjects/subjects.ts";
import type { Bus, BusState, Message, Subscription } from "./bus.ts";

interface Interest {
  readonly pattern: readonly string[];
  readonly queue: string | undefined;
  readonly onMessage: (message: Message) => void;
  readonly owner: object;
}

const NOTHING = Buffer.alloc(0);

/**
 * A broker in this process, for tests that bolt two ends together: the same subjects, queue groups and no-responders
 * answer, without a socket, without permissions. Messages are delivered in a later turn, as a real broker does.
 */
export class MemoryBroker {
  readonly #interests = new Set<Interest>();
  readonly #buses = new Set<MemoryBus>();
  readonly maxPayload: number;

  constructor(maxPayload = 1024 * 1024) {
    this.maxPayload = maxPayload;
  }

  connect(): Bus {
    const bus = new MemoryBus(this);
    this.#buses.add(bus);
    return bus;
  }

  /** Takes the broker away from everyone, or brings it back. */
  setAway(away: boolean): void {
    for (const bus of this.#buses) bus.setAway(away);
  }

  add(interest: Interest): () => void {
    this.#interests.add(interest);
    return () => this.#interests.delete(interest);
  }

  drop(bus: MemoryBus): void {
    this.#buses.delete(bus);
    for (const interest of this.#interests) if (interest.owner === bus) this.#interests.delete(interest);
  }

  deliver(subject: string, data: Uint8Array, reply: string, sender: MemoryBus): void {
    const message = { subject, reply, data: Buffer.from(data), noResponders: false };
    const groups = new Map<string, Interest[]>();
    let delivered = false;
    for (const interest of [...this.#interests].filter((one) => covers(one.pattern, subject.split(".")))) {
      delivered = true;
      if (interest.queue === undefined) interest.onMessage(message);
      else groups.set(interest.queue, [...(groups.get(interest.queue) ?? []), interest]);
    }
    for (const members of groups.values())
      members[Math.floor(Math.random() * members.length)]!.onMessage(message);
    if (!delivered && reply !== "") this.#answerNoResponders(reply, sender);
  }

  /** Like the real bus: only to plain subscriptions of the sender itself, but to all of them. */
  #answerNoResponders(reply: string, sender: MemoryBus): void {
    const tokens = reply.split(".");
    for (const interest of this.#interests)
      if (interest.owner === sender && interest.queue === undefined && covers(interest.pattern, tokens)) {
        interest.onMessage({ subject: reply, reply: "", data: NOTHING, noResponders: true });
      }
  }
}

class MemoryBus implements Bus {
  readonly #broker: MemoryBroker;
  readonly #listeners = new Set<(state: BusState) => void>();
  state: BusState = { kind: "connected", server: "memory", serverVersion: "0" };

  constructor(broker: MemoryBroker) {
    this.#broker = broker;
  }

  get maxPayload(): number {
    return this.#broker.maxPayload;
  }

  send(subject: Subject, data: Uint8Array, reply?: Subject): boolean {
    if (this.state.kind !== "connected" || data.length > this.maxPayload) return false;
    setImmediate(() => {
      if (this.state.kind === "connected") this.#broker.deliver(subject, data, reply ?? "", this);
    });
    return true;
  }

  subscribe(
    subject: Subject,
    queue: string | undefined,
    onMessage: (message: Message) => void,
  ): Subscription {
    const unsubscribe = this.#broker.add({ pattern: subject.split("."), queue, onMessage, owner: this });
    return { unsubscribe };
  }

  flush(): Promise<void> {
    if (this.state.kind !== "connected") return Promise.reject(new Error("the broker is away"));
    return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  }

  onState(listener: (state: BusState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Nothing is ever denied here: permissions are the real broker's. */
  onDenied(): () => void {
    return () => {};
  }

  async renew(): Promise<void> {}

  async close(): Promise<void> {
    this.#become({ kind: "closed" });
    this.#broker.drop(this);
  }

  setAway(away: boolean): void {
    if (away) this.#become({ kind: "away", since: Date.now(), cause: "taken away" });
    else this.#become({ kind: "connected", server: "memory", serverVersion: "0" });
  }

  #become(state: BusState): void {
    if (this.state.kind === "closed") return;
    this.state = state;
    for (const listener of this.#listeners) listener(state);
  }
}
