import type { Subject } from "../subjects/subjects.ts";

/** One message, as it came. `data` may be a view into a larger buffer that lives as long as the message does. */
export interface Message {
  readonly subject: string;
  /** Empty when the sender asked for no answer. */
  readonly reply: string;
  readonly data: Buffer;
  /** The broker's own answer that nobody subscribes to the subject (NATS status 503): it was delivered to nobody. */
  readonly noResponders: boolean;
}

export interface Subscription {
  /** Stops new messages; those on their way are still handed over until `Bus.flush` resolves. */
  unsubscribe(): void;
}

export type BusState =
  | { readonly kind: "connected"; readonly server: string; readonly serverVersion: string }
  | { readonly kind: "away"; readonly since: number; readonly cause: string }
  | { readonly kind: "closed" };

/**
 * The mesh's view of NATS: at-most-once messages on permitted subjects. Sends are queued and written once per turn of
 * the event loop, because one write for each message costs as much as everything else together (see bench).
 */
export interface Bus {
  /** Largest payload in bytes that the broker takes now; it may change at a reconnect. */
  readonly maxPayload: number;
  readonly state: BusState;
  /**
   * Queues one message. Throws nothing: while the broker is away the message is dropped and false is returned.
   * @param traceparent W3C trace context, put into the NATS header for a broker that traces
   */
  send(subject: Subject, data: Uint8Array, reply?: Subject, traceparent?: string): boolean;
  subscribe(subject: Subject, queue: string | undefined, onMessage: (message: Message) => void): Subscription;
  /** Resolves when the broker has handled all that was sent before. Rejects when it is away. */
  flush(): Promise<void>;
  /** Called at each change of `state`; returns the way to stop. */
  onState(listener: (state: BusState) => void): () => void;
  /** Called with the subject of each message that the broker refused to take from us; returns the way to stop. */
  onDenied(listener: (subject: string) => void): () => void;
  /** Opens a second connection with the present credentials, moves everything to it, then closes the first. */
  renew(): Promise<void>;
  close(): Promise<void>;
}
