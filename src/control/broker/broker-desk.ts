import type { Bus } from "../../bus/bus.ts";
import { type Clock, every } from "../../registry/clock.ts";
import { registry as subjects } from "../../subjects/subjects.ts";
import { readStatz, type ServerCounts } from "./statz.ts";

/** How often the broker is asked, in ms. */
export const ASK_MS = 5000;
/** A server that was not heard for so many questions has gone. */
const FORGOTTEN_AFTER_MS = 3 * ASK_MS + ASK_MS / 2;
/** More servers than any cluster has. */
const MOST = 64;

/** What a server said last, and how that came. */
export interface HeardServer extends ServerCounts {
  /** From the question to its answer, in ms: to the server, and through the cluster. */
  readonly answerMs: number;
  /** Its clock less ours, in ms; off by no more than half of `answerMs`. */
  readonly skewMs: number;
}

/** Asks every server of the broker, again and again, what it counts of the mesh, and keeps the last answer of each. */
export class BrokerDesk {
  readonly #deps: { readonly bus: Bus; readonly clock: Clock };
  readonly #answers = subjects.brokerAnswers(crypto.randomUUID().replaceAll("-", "").slice(0, 12));
  readonly #heard = new Map<string, { readonly at: number; readonly server: HeardServer }>();
  #askedAt = 0;
  #askedAtUnix = 0;
  #stop = (): void => {};

  constructor(deps: { readonly bus: Bus; readonly clock: Clock }) {
    this.#deps = deps;
  }

  start(): void {
    const { bus, clock } = this.#deps;
    const answers = bus.subscribe(this.#answers, undefined, ({ data }) => this.#onAnswer(data));
    const stopAsking = every(
      clock,
      () => ASK_MS,
      () => this.#ask(),
    );
    this.#stop = () => {
      stopAsking();
      answers.unsubscribe();
    };
    this.#ask();
  }

  stop(): void {
    this.#stop();
  }

  /** Those that answered of late. */
  servers(): HeardServer[] {
    const now = this.#deps.clock.now();
    for (const [name, { at }] of this.#heard) if (now - at > FORGOTTEN_AFTER_MS) this.#heard.delete(name);
    return [...this.#heard.values()].map(({ server }) => server);
  }

  #ask(): void {
    const { bus, clock } = this.#deps;
    this.#askedAt = clock.now();
    this.#askedAtUnix = clock.unix();
    bus.send(subjects.accountStats, new Uint8Array(), this.#answers);
  }

  /** Only the broker's own servers can publish here: no user but the registry has the subject. */
  #onAnswer(data: Buffer): void {
    const counts = readStatz(data);
    if (counts === undefined) return;
    if (this.#heard.size >= MOST && !this.#heard.has(counts.server)) return;
    const at = this.#deps.clock.now();
    const answerMs = at - this.#askedAt;
    const skewMs = counts.time - (this.#askedAtUnix + answerMs / 2);
    this.#heard.set(counts.server, { at, server: { ...counts, answerMs, skewMs } });
  }
}
