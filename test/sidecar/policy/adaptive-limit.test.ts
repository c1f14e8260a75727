import assert from "node:assert/strict";
import { test } from "node:test";
import { AdaptiveLimit } from "../../../sidecar/policy/adaptive-limit.ts";
import { seeded } from "../../support/random.ts";

interface AppModel {
  /** Calls that it works on at once; more wait in it. */
  workers: number;
  serviceMs: number;
}

/**
 * An app with so many workers, asked by as many callers as the limit lets in, or as `offered` there are. Each step is
 * one call that ends.
 */
class Simulation {
  now = 0;
  readonly limit: AdaptiveLimit;
  readonly app: AppModel;
  offered = Number.POSITIVE_INFINITY;
  readonly #random = seeded(7);
  /** When each call of the app began and will end. */
  #running: { startedAt: number; endsAt: number }[] = [];

  constructor(app: AppModel, min: number, max: number) {
    this.app = app;
    this.limit = new AdaptiveLimit({ min, max, random: () => 0.5 }, 0);
  }

  run(ms: number): { served: number } {
    const until = this.now + ms;
    let served = 0;
    while (this.now < until) {
      const most = Math.min(this.limit.limit, this.offered);
      while (this.#running.length < most) this.#start();
      this.#running.sort((a, b) => a.endsAt - b.endsAt);
      const { startedAt, endsAt } = this.#running[0]!;
      this.now = endsAt;
      this.limit.sample(endsAt - startedAt, this.#running.length, endsAt);
      this.#running.shift();
      served++;
    }
    return { served };
  }

  #start(): void {
    const { workers, serviceMs } = this.app;
    const takesMs = serviceMs * (0.8 + 0.4 * this.#random());
    const before = this.#running.map(({ endsAt }) => endsAt).sort((a, b) => b - a);
    const freeAt = before.length < workers ? this.now : Math.max(this.now, before[workers - 1]!);
    this.#running.push({ startedAt: this.now, endsAt: freeAt + takesMs });
  }
}

test("it settles a little above what the app can work on at once", () => {
  for (const workers of [5, 20, 80]) {
    const simulation = new Simulation({ workers, serviceMs: 20 }, 3, 1000);
    simulation.run(10_000);
    const { limit, undisturbedMs } = simulation.limit;
    assert.ok(
      limit >= workers && limit <= 1.25 * workers + 2 * Math.sqrt(workers) + 5,
      `${workers}: ${limit}`,
    );
    assert.ok(Math.abs(undisturbedMs - 20) < 4, String(undisturbedMs));
  }
});

test("it costs the app next to nothing of what it can do", () => {
  const simulation = new Simulation({ workers: 20, serviceMs: 20 }, 3, 1000);
  simulation.run(5000);
  const { served } = simulation.run(120_000);
  const perSecond = served / 120;
  assert.ok(perSecond > 0.97 * 1000, `${perSecond} of 1000 calls a second`);
});

test("it shrinks when the app loses workers, and grows again when they come back", () => {
  const simulation = new Simulation({ workers: 40, serviceMs: 20 }, 3, 1000);
  simulation.run(10_000);
  const before = simulation.limit.limit;
  simulation.app.workers = 8;
  simulation.run(2000);
  const shrunk = simulation.limit.limit;
  assert.ok(shrunk < before / 2 && shrunk >= 8, `from ${before} to ${shrunk}`);
  simulation.app.workers = 40;
  simulation.run(5000);
  assert.ok(simulation.limit.limit >= 40, String(simulation.limit.limit));
});

test("an app that has become slower for good is measured anew within a bit more than a minute", () => {
  const simulation = new Simulation({ workers: 20, serviceMs: 20 }, 3, 1000);
  simulation.run(10_000);
  simulation.app.serviceMs = 60;
  simulation.run(5000);
  assert.ok(simulation.limit.limit < 20, "at first it looks like waiting");
  simulation.run(70_000);
  assert.ok(Math.abs(simulation.limit.undisturbedMs - 60) < 12, String(simulation.limit.undisturbedMs));
  assert.ok(simulation.limit.limit >= 20, String(simulation.limit.limit));
});

test("it does not grow while it is not used, and never leaves its bounds", () => {
  const simulation = new Simulation({ workers: 1000, serviceMs: 20 }, 3, 50);
  simulation.offered = 4;
  simulation.run(10_000);
  assert.ok(simulation.limit.limit <= 16, String(simulation.limit.limit));
  simulation.offered = Number.POSITIVE_INFINITY;
  simulation.run(10_000);
  assert.equal(simulation.limit.limit, 50);
  simulation.app.workers = 1;
  simulation.run(20_000);
  assert.ok(simulation.limit.limit >= 3 && simulation.limit.limit <= 8, String(simulation.limit.limit));
});

test("with so little to do that nothing disturbs anything, there is no minute with a low limit", () => {
  const simulation = new Simulation({ workers: 20, serviceMs: 5 }, 3, 100);
  simulation.run(3000);
  const grown = simulation.limit.limit;
  simulation.offered = 2;
  let least = grown;
  for (let s = 0; s < 300; s++) {
    simulation.run(1000);
    least = Math.min(least, simulation.limit.limit);
  }
  assert.equal(least, grown);
});

test("a measurement with few answers ends after five seconds", () => {
  const limit = new AdaptiveLimit({ min: 3, max: 100, random: () => 0 }, 0);
  limit.sample(1000, 1, 1000);
  assert.equal(limit.undisturbedMs, Number.POSITIVE_INFINITY);
  limit.sample(900, 1, 5000);
  assert.equal(limit.undisturbedMs, 1000);
});

test("what began before a measurement does not count in it", () => {
  const limit = new AdaptiveLimit({ min: 3, max: 100, random: () => 0 }, 1000);
  for (let i = 0; i < 20; i++) limit.sample(500, 3, 1100);
  assert.equal(limit.undisturbedMs, Number.POSITIVE_INFINITY);
  for (let i = 0; i < 10; i++) limit.sample(10, 3, 1100);
  assert.equal(limit.undisturbedMs, 10);
});
