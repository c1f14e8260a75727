import { setTimeout as delay } from "node:timers/promises";
import type { Scenario } from "../scenario.ts";
import { HttpConnection, requestBytes } from "./http-client.ts";
import { pace } from "./pacer.ts";
import type { HttpTarget, LoadResult, Timing } from "./result.ts";
import { percentilesOf } from "./result.ts";
import { Samples } from "./samples.ts";

export interface OpenLoadOptions extends Timing {
  readonly target: HttpTarget;
  readonly scenario: Scenario;
  /** What counts as in time; all that is answered when absent. */
  readonly inTimeMs?: number;
}

export interface OpenLoadResult extends LoadResult {
  /** Answers with a 2xx within `inTimeMs`. */
  readonly inTime: number;
  /** Requests that were due, and not answered when the generator ended. They are among the errors. */
  readonly unanswered: number;
}

/** How long unanswered requests are waited for at the end. */
const GRACE_MS = 2000;

/**
 * Open loop: requests are due at a fixed rate whatever the answers do, and each latency counts from when the request
 * was *due*, so a stall is seen by all that were due meanwhile (no coordinated omission, Tene's "wrk2" method).
 */
export async function openLoadRole(options: OpenLoadOptions, say: (line: object) => void): Promise<void> {
  const { target, scenario, warmupS, measureS, inTimeMs = Number.POSITIVE_INFINITY } = options;
  if (scenario.load.kind !== "open") throw new Error("the open-loop generator needs a rate");
  const { connections, ratePerS } = scenario.load;
  let pool = new Pool(target, scenario, connections, inTimeMs);

  const warmFrom = performance.now();
  await pace(ratePerS, warmFrom, warmFrom + warmupS * 1000, (at) => pool.ask(at));
  if (await pool.idle(GRACE_MS)) {
    pool.reset();
  } else {
    // What is stuck belongs to the warm-up: the measuring begins with connections of its own.
    pool.close();
    pool = new Pool(target, scenario, connections, inTimeMs);
  }
  say({ measuring: true });

  const from = performance.now();
  const to = from + measureS * 1000;
  await pace(ratePerS, from, to, (at) => pool.ask(at));
  await pool.idle(GRACE_MS);
  say(pool.result(measureS));
  pool.close();
}

class Pool {
  readonly #target: HttpTarget;
  readonly #request: Buffer;
  readonly #free: HttpConnection[];
  /** Times at which requests were due that found no free connection. */
  readonly #waiting: number[] = [];
  readonly #samples = new Samples();
  readonly #inFlight = new Map<HttpConnection, number>();
  readonly #inTimeMs: number;
  #errors = 0;
  #inTime = 0;

  constructor(target: HttpTarget, scenario: Scenario, connections: number, inTimeMs: number) {
    this.#target = target;
    this.#inTimeMs = inTimeMs;
    this.#request = requestBytes(target, scenario);
    this.#free = Array.from({ length: connections }, () => new HttpConnection(target.port));
  }

  ask(dueAt: number): void {
    const connection = this.#free.pop();
    if (connection === undefined) this.#waiting.push(dueAt);
    else this.#send(connection, dueAt);
  }

  #send(connection: HttpConnection, dueAt: number): void {
    this.#inFlight.set(connection, dueAt);
    connection.ask(this.#request, (ok) => {
      this.#inFlight.delete(connection);
      const ms = performance.now() - dueAt;
      this.#samples.add(ms * 1000);
      if (!ok) this.#errors++;
      else if (ms <= this.#inTimeMs) this.#inTime++;
      const next = connection.usable ? connection : new HttpConnection(this.#target.port);
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#free.push(next);
      else this.#send(next, waiting);
    });
  }

  /** Waits until nothing is under way; false when that took too long. */
  async idle(withinMs: number): Promise<boolean> {
    const endsAt = performance.now() + withinMs;
    while (this.#inFlight.size + this.#waiting.length > 0 && performance.now() < endsAt) await delay(1);
    return this.#inFlight.size + this.#waiting.length === 0;
  }

  reset(): void {
    this.#samples.clear();
    this.#errors = 0;
    this.#inTime = 0;
  }

  /** What was never answered counts as an error, and with the time it has waited so far. */
  result(seconds: number): OpenLoadResult {
    const now = performance.now();
    const answered = this.#samples.count;
    const unanswered = [...this.#inFlight.values(), ...this.#waiting];
    for (const dueAt of unanswered) this.#samples.add((now - dueAt) * 1000);
    return {
      requests: answered,
      seconds,
      errors: this.#errors + unanswered.length,
      inTime: this.#inTime,
      unanswered: unanswered.length,
      percentilesUs: percentilesOf(this.#samples.values()),
    };
  }

  close(): void {
    for (const connection of [...this.#free, ...this.#inFlight.keys()]) connection.destroy();
  }
}
