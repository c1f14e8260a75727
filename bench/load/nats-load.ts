import { setTimeout as delay } from "node:timers/promises";
import { NatsWire } from "../floor/nats-wire.ts";
import { ECHO_SUBJECT } from "../floor/responder.ts";
import type { Scenario } from "../scenario.ts";
import { pace } from "./pacer.ts";
import { percentilesOf, type Timing } from "./result.ts";
import { Samples } from "./samples.ts";

export interface NatsLoadOptions extends Timing {
  readonly natsPort: number;
  readonly scenario: Scenario;
}

const GRACE_MS = 2000;

/** Request/reply on the bare NATS protocol: as many requests in flight on one connection as HTTP has connections. */
export async function natsLoadRole(options: NatsLoadOptions, say: (line: object) => void): Promise<void> {
  const { natsPort, scenario, warmupS, measureS } = options;
  const requester = new Requester(natsPort, scenario.bodyBytes);
  await requester.ready;
  await requester.drive(scenario, warmupS);
  requester.samples.clear();
  say({ measuring: true });
  const lost = await requester.drive(scenario, measureS);
  const { samples } = requester;
  const requests = samples.count;
  say({ requests, seconds: measureS, errors: lost, percentilesUs: percentilesOf(samples.values()) });
  requester.close();
}

class Requester {
  readonly samples = new Samples();
  readonly ready: Promise<void>;
  readonly #nats: NatsWire;
  readonly #body: Buffer;
  readonly #inbox = `bare.reply.${process.pid}`;
  readonly #sentAt = new Map<number, number>();
  #next = 0;
  #answered = (): void => {};

  constructor(natsPort: number, bodyBytes: number) {
    this.#nats = new NatsWire(natsPort);
    this.#body = Buffer.alloc(bodyBytes, "x");
    this.ready = this.#nats.ready;
    this.#nats.subscribe(`${this.#inbox}.*`, "", (_reply, _data, subject) => {
      const id = Number(subject.slice(this.#inbox.length + 1));
      this.samples.add((performance.now() - this.#sentAt.get(id)!) * 1000);
      this.#sentAt.delete(id);
      this.#answered();
    });
  }

  /** Puts the load on for so many seconds, then waits for what is still out; gives how many were never answered. */
  async drive({ load }: Scenario, seconds: number): Promise<number> {
    const from = performance.now();
    const to = from + seconds * 1000;
    if (load.kind === "open") {
      this.#answered = () => {};
      await pace(load.ratePerS, from, to, (at) => this.#ask(at));
    } else {
      this.#answered = () => {
        if (performance.now() < to) this.#ask(performance.now());
      };
      for (let i = 0; i < load.connections; i++) this.#ask(performance.now());
      await delay(seconds * 1000);
    }
    const endsAt = performance.now() + GRACE_MS;
    while (this.#sentAt.size > 0 && performance.now() < endsAt) await delay(1);
    const lost = this.#sentAt.size;
    this.#sentAt.clear();
    return lost;
  }

  #ask(at: number): void {
    const id = this.#next++;
    this.#sentAt.set(id, at);
    this.#nats.publish(ECHO_SUBJECT, `${this.#inbox}.${id}`, this.#body);
  }

  close(): void {
    this.#nats.close();
  }
}
