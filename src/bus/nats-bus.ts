import {
  headers,
  type Msg,
  type NatsConnection,
  type Subscription as NatsSubscription,
  PermissionViolationError,
  type Status,
} from "nats";
import { covers } from "../subjects/covers.ts";
import type { Subject } from "../subjects/subjects.ts";
import type { Bus, BusState, Message, Subscription } from "./bus.ts";
import { maxPayloadOf, openConnection } from "./connection.ts";
import type { Credentials } from "./credentials.ts";

interface Interest {
  readonly subject: Subject;
  readonly queue: string | undefined;
  readonly onMessage: (message: Message) => void;
  readonly onNoResponders: (message: Message) => void;
  /** Where it is subscribed at the moment: one connection, or two for the moments of a renewal. */
  readonly subscribed: Map<NatsConnection, NatsSubscription>;
}

/** What the broker says before it closes the connection of a user. */
const REFUSALS = /user authentication (?:revoked|expired)|authorization violation/i;

interface Outgoing {
  readonly subject: Subject;
  readonly data: Uint8Array;
  readonly reply: Subject | undefined;
  readonly traceparent: string | undefined;
}

/**
 * Connects to the broker.
 * @throws BusError that says what is wrong and what to do
 */
export async function connectBus(credentials: Credentials, name: string): Promise<Bus> {
  return new NatsBus(await openConnection(credentials, name), () => openConnection(credentials, name));
}

class NatsBus implements Bus {
  #connection: NatsConnection;
  readonly #open: () => Promise<NatsConnection>;
  readonly #interests = new Set<Interest>();
  readonly #stateListeners = new Set<(state: BusState) => void>();
  readonly #deniedListeners = new Set<(subject: string) => void>();
  #outgoing: Outgoing[] = [];
  readonly #writeOut = () => this.#publishQueued();
  #current: BusState;
  #renewing: Promise<void> = Promise.resolve();
  /** Why the broker does not take this user any more, in its own words. */
  #refusal: string | undefined;
  maxPayload: number;

  constructor(connection: NatsConnection, open: () => Promise<NatsConnection>) {
    this.#connection = connection;
    this.#open = open;
    this.maxPayload = maxPayloadOf(connection);
    this.#current = connectedState(connection);
    void this.#follow(connection);
  }

  get state(): BusState {
    return this.#current;
  }

  send(subject: Subject, data: Uint8Array, reply?: Subject, traceparent?: string): boolean {
    if (this.#current.kind !== "connected" || data.length > this.maxPayload) return false;
    if (this.#outgoing.length === 0) setImmediate(this.#writeOut);
    this.#outgoing.push({ subject, data, reply, traceparent });
    return true;
  }

  subscribe(
    subject: Subject,
    queue: string | undefined,
    onMessage: (message: Message) => void,
  ): Subscription {
    const interest: Interest = {
      ...{ subject, queue, subscribed: new Map() },
      onMessage: (message) => (message.noResponders ? this.#tellNoResponders(message) : onMessage(message)),
      onNoResponders: onMessage,
    };
    this.#interests.add(interest);
    subscribeOn(this.#connection, interest);
    return {
      unsubscribe: () => {
        this.#interests.delete(interest);
        for (const connection of [...interest.subscribed.keys()]) unsubscribeOn(connection, interest);
      },
    };
  }

  async flush(): Promise<void> {
    this.#publishQueued();
    if (this.#current.kind !== "connected") throw new Error("the broker is away");
    await this.#connection.flush();
  }

  onState(listener: (state: BusState) => void): () => void {
    this.#stateListeners.add(listener);
    return () => this.#stateListeners.delete(listener);
  }

  onDenied(listener: (subject: string) => void): () => void {
    this.#deniedListeners.add(listener);
    return () => this.#deniedListeners.delete(listener);
  }

  /**
   * Make before break. While both connections are subscribed, a message to a plain subscription comes twice and one
   * to a queue group once, on either: receivers drop and reorder by the sequence numbers of the frames.
   */
  renew(): Promise<void> {
    // One after the other: two at once would both replace the same connection, and one of the new ones would stay.
    const renewed = this.#renewing.then(() => this.#replaceConnection());
    this.#renewing = renewed.catch(() => {});
    return renewed;
  }

  async #replaceConnection(): Promise<void> {
    if (this.#current.kind === "closed") return;
    const old = this.#connection;
    const fresh = await this.#open();
    try {
      await this.#subscribeAllOn(fresh);
    } catch (error) {
      for (const interest of this.#interests) interest.subscribed.delete(fresh);
      await fresh.close();
      throw error;
    }
    if (this.state.kind === "closed") return fresh.close();
    this.#publishQueued();
    this.#connection = fresh;
    this.maxPayload = maxPayloadOf(fresh);
    void this.#follow(fresh);
    this.#become(connectedState(fresh));
    for (const interest of this.#interests) unsubscribeOn(old, interest);
    // The answer to this ping comes after everything that the broker had for the old connection.
    await old.flush().catch(() => {});
    await old.close();
  }

  /** Until the broker has all of them, with those that are made meanwhile. */
  async #subscribeAllOn(fresh: NatsConnection): Promise<void> {
    for (;;) {
      const missing = [...this.#interests].filter(({ subscribed }) => !subscribed.has(fresh));
      if (missing.length === 0) return;
      for (const interest of missing) subscribeOn(fresh, interest);
      await fresh.flush();
    }
  }

  async close(): Promise<void> {
    if (this.#current.kind === "closed") return;
    const away = this.#current.kind === "away";
    await this.flush().catch(() => {});
    this.#become({ kind: "closed" });
    const closed = this.#connection.close();
    // A connection that is waiting to reconnect ends only when its wait does.
    if (!away) await closed;
  }

  /** The broker tells only one subscription of those that cover the reply, and we cannot choose which. */
  #tellNoResponders(message: Message): void {
    const tokens = message.subject.split(".");
    for (const { subject, queue, onNoResponders } of this.#interests)
      if (queue === undefined && covers(subject.split("."), tokens)) onNoResponders(message);
  }

  #publishQueued(): void {
    const queued = this.#outgoing;
    if (queued.length === 0) return;
    this.#outgoing = [];
    // What was queued when the connection broke is lost, as it would be a moment later in the socket.
    if (this.#current.kind !== "connected" || this.#connection.isClosed()) return;
    const room = maxPayloadOf(this.#connection);
    for (const { subject, data, reply, traceparent } of queued) {
      // The client throws for what is too large, and it may have become so since it was queued.
      if (data.length > room) continue;
      if (reply === undefined) this.#connection.publish(subject, data);
      // The broker counts headers, too: rather the message without its trace context than no message.
      else if (traceparent === undefined || data.length + TRACE_HEADER_BYTES > room)
        this.#connection.publish(subject, data, { reply });
      else this.#connection.publish(subject, data, { reply, headers: traceHeaders(traceparent) });
    }
  }

  async #follow(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === "error") {
        this.#refusal = REFUSALS.exec(status.error.message)?.[0];
        this.#reportDenied(status);
      } else if (connection === this.#connection) this.#followState(connection, status);
    }
    if (connection === this.#connection && this.#current.kind !== "closed") {
      const error = await connection.closed();
      this.#become({ kind: "away", since: Date.now(), cause: error?.message ?? "the connection was closed" });
    }
  }

  #followState(connection: NatsConnection, status: Status): void {
    if (status.type === "disconnect" || status.type === "staleConnection") {
      if (this.#current.kind === "connected")
        this.#become({
          kind: "away",
          since: Date.now(),
          cause: `lost the connection to ${connection.getServer()}${this.#refusal ? ` (${this.#refusal})` : ""}`,
        });
    } else if (status.type === "reconnect") {
      this.maxPayload = maxPayloadOf(connection);
      this.#become(connectedState(connection));
    }
  }

  #reportDenied(status: Extract<Status, { type: "error" }>): void {
    const { error } = status;
    if (!(error instanceof PermissionViolationError) || error.operation !== "publish") return;
    for (const listener of this.#deniedListeners) listener(error.subject);
  }

  #become(state: BusState): void {
    if (this.#current.kind === "closed") return;
    this.#current = state;
    for (const listener of this.#stateListeners) listener(state);
  }
}

function connectedState(connection: NatsConnection): BusState {
  const { version } = connection.info!;
  return { kind: "connected", server: connection.getServer(), serverVersion: version };
}

function subscribeOn(connection: NatsConnection, interest: Interest): void {
  const { subject, queue, onMessage } = interest;
  const callback = (error: Error | null, message: Msg) => {
    if (error === null) onMessage(received(message));
  };
  const options = queue === undefined ? { callback } : { queue, callback };
  interest.subscribed.set(connection, connection.subscribe(subject, options));
}

function unsubscribeOn(connection: NatsConnection, interest: Interest): void {
  const subscription = interest.subscribed.get(connection);
  interest.subscribed.delete(connection);
  // Not `unsubscribe`: that drops what is on its way, and a queue group gave it to nobody else.
  if (subscription && !connection.isClosed()) subscription.drain().catch(() => {});
}

function received(message: Msg): Message {
  const { data } = message;
  return {
    subject: message.subject,
    reply: message.reply ?? "",
    data: Buffer.from(data.buffer, data.byteOffset, data.byteLength),
    noResponders: data.byteLength === 0 && message.headers?.code === 503,
  };
}

/** `NATS/1.0`, one line of `traceparent` and an empty one, with room to spare. */
const TRACE_HEADER_BYTES = 128;

function traceHeaders(traceparent: string) {
  const fields = headers();
  fields.set("traceparent", traceparent);
  return fields;
}
