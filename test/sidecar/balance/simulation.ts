import type { Balancer } from "../../../sidecar/balance/balancer.ts";
import { seeded } from "../../support/random.ts";
import { aBalancedCall, answer } from "./scene.ts";

/** An instance that works on so many calls at once; the others wait in line. */
export interface Worker {
  readonly atOnce: number;
  /** Mean of its times; they vary as those of real apps do, with a long tail. */
  readonly meanMs: number;
  /** Part of the calls that it answers with 500. */
  readonly failing: number;
}

export interface Result {
  /** Part of the calls that each instance got. */
  readonly shares: Readonly<Record<string, number>>;
  readonly p50: number;
  readonly p99: number;
  /** Part of the calls that were answered well. */
  readonly good: number;
}

interface Running {
  readonly worker: Worker;
  busy: number;
  readonly line: (() => void)[];
}

const BROKER = aBalancedCall();

/**
 * Sends calls for a while through balancers, in simulated time: nothing waits, and the same seed gives the same.
 * @param balancers of callers that do not know of each other; their calls come at random (Poisson)
 * @param after only calls that begin later than this many ms are counted
 */
export function simulate(
  balancers: readonly Balancer[],
  workers: Readonly<Record<string, Worker>>,
  { perSecond, ms, after = 0, seed = 1 }: { perSecond: number; ms: number; after?: number; seed?: number },
): Result {
  const random = seeded(seed);
  const exponential = (mean: number): number => -mean * Math.log(1 - random());
  const names = Object.keys(workers);
  const running = new Map<string, Running>(
    names.map((name) => [name, { worker: workers[name]!, busy: 0, line: [] }]),
  );
  const events = new Events();
  const times: number[] = [];
  const counts: Record<string, number> = Object.fromEntries(names.map((name) => [name, 0]));
  let good = 0;

  const serve = (one: Running, at: number, ended: (at: number) => void): void => {
    one.busy++;
    const endsAt = at + one.worker.meanMs / 2 + exponential(one.worker.meanMs / 2);
    events.add(endsAt, () => {
      one.busy--;
      ended(endsAt);
      const next = one.line.shift();
      next?.();
    });
  };

  const send = (balancer: Balancer, at: number): void => {
    const picked = balancer.picker(undefined).pick(BROKER, at);
    // The broker's queue group chooses at random.
    const name = picked?.instance ?? names[Math.floor(random() * names.length)]!;
    const endpoint = balancer.endpoint(name)!;
    const isProbe = endpoint.began(at);
    const one = running.get(name)!;
    const outcome = answer(random() < one.worker.failing ? 500 : 200);
    const ended = (endedAt: number): void => {
      endpoint.ended(outcome, endedAt - at, endedAt, isProbe);
      if (at < after) return;
      counts[name]!++;
      times.push(endedAt - at);
      if (outcome.status < 500) good++;
    };
    if (one.busy < one.worker.atOnce) serve(one, at, ended);
    else one.line.push(() => serve(one, events.now, ended));
  };

  for (let at = 0; at < ms; at += exponential(1000 / perSecond)) {
    const balancer = balancers[Math.floor(random() * balancers.length)]!;
    const sentAt = at;
    events.add(at, () => send(balancer, sentAt));
  }
  events.run();
  times.sort((a, b) => a - b);
  const quantile = (part: number): number => times[Math.floor(times.length * part)]!;
  return {
    shares: Object.fromEntries(names.map((name) => [name, counts[name]! / times.length])),
    p50: quantile(0.5),
    p99: quantile(0.99),
    good: good / times.length,
  };
}

/** What happens, in the order of time: a binary heap. */
class Events {
  readonly #heap: { at: number; run: () => void }[] = [];
  now = 0;

  add(at: number, run: () => void): void {
    const heap = this.#heap;
    let i = heap.push({ at, run }) - 1;
    for (let up = (i - 1) >> 1; i > 0 && heap[up]!.at > heap[i]!.at; i = up, up = (i - 1) >> 1)
      [heap[up], heap[i]] = [heap[i]!, heap[up]!];
  }

  run(): void {
    for (let next = this.#take(); next !== undefined; next = this.#take()) {
      this.now = next.at;
      next.run();
    }
  }

  #take(): { at: number; run: () => void } | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    heap[0] = last;
    for (let i = 0; ; ) {
      const left = 2 * i + 1;
      const least = left + 1 < heap.length && heap[left + 1]!.at < heap[left]!.at ? left + 1 : left;
      if (least >= heap.length || heap[least]!.at >= heap[i]!.at) return first;
      [heap[least], heap[i]] = [heap[i]!, heap[least]!];
      i = least;
    }
  }
}
