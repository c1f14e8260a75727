import assert from "node:assert/strict";
import { test } from "node:test";
import { AuthorityError } from "../../src/identity/member/authority-client.ts";
import type { Identity } from "../../src/identity/member/identity.ts";
import { Renewal, type RenewalClock, type RenewalOptions } from "../../src/identity/member/renewal.ts";

const HOUR_MS = 3_600_000;

/** A clock that stands still until the next timer is asked to run. */
class StillClock implements RenewalClock {
  time = 0;
  #timers: { at: number; run: () => void }[] = [];

  now(): number {
    return this.time;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.time + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Runs the next timer and what follows from it. @returns how long it had to wait, undefined when there is none */
  async next(): Promise<number | undefined> {
    const timer = this.#timers.sort((a, b) => a.at - b.at).shift();
    if (timer === undefined) return undefined;
    const waited = timer.at - this.time;
    this.time = timer.at;
    timer.run();
    await new Promise((resolve) => setImmediate(resolve));
    return waited;
  }
}

function setUp(options: RenewalOptions & { fail?: () => Error | undefined } = {}) {
  const clock = new StillClock();
  const log: string[] = [];
  const identity = { issuedAt: 0, jwtExpiresAt: HOUR_MS, certExpiresAt: 24 * HOUR_MS };
  const renewal = new Renewal(identity as Identity, {
    clock,
    random: () => 0.5,
    renew: async () => {
      const error = options.fail?.();
      if (error) throw error;
      const { time } = clock;
      Object.assign(identity, {
        issuedAt: time,
        jwtExpiresAt: time + HOUR_MS,
        certExpiresAt: time + 24 * HOUR_MS,
      });
      log.push("renewed");
    },
    onRenewed: () => void log.push("told"),
    onFailed: (error) => void log.push(error.message),
    ...options,
  });
  return { clock, log, identity, renewal };
}

test("an identity is renewed at half its life, again and again, and the connection is told after it", async () => {
  const { clock, log, renewal } = setUp();
  assert.equal(renewal.state.nextAt, HOUR_MS / 2);
  assert.equal(await clock.next(), HOUR_MS / 2);
  assert.equal(await clock.next(), HOUR_MS / 2);
  assert.deepEqual(log, ["renewed", "told", "renewed", "told"]);
  assert.equal(renewal.state.jwtExpiresAt, 2 * HOUR_MS);
});

test("instances that started together spread their renewals over a fifth of half the life", () => {
  const due = (random: number) => setUp({ random: () => random }).renewal.state.nextAt!;
  assert.equal(Math.round(due(0)), 27 * 60_000);
  assert.equal(Math.round(due(1)), 33 * 60_000);
});

test("a failure is tried again with growing waits up to a minute, until it works", async () => {
  let failures = 9;
  const away = new AuthorityError("unreachable", "away");
  const { clock, log, renewal } = setUp({ fail: () => (failures-- > 0 ? away : undefined) });
  await clock.next();
  const waits: (number | undefined)[] = [];
  for (let i = 0; i < 8; i++) waits.push(await clock.next());
  assert.deepEqual(
    waits,
    [1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1000),
  );
  assert.equal(renewal.state.failures, 9);
  assert.equal(renewal.state.lastError, "away");
  await clock.next();
  assert.deepEqual(log.slice(-2), ["renewed", "told"]);
  assert.deepEqual([renewal.state.failures, renewal.state.lastError], [0, undefined]);
});

test("it stops when the certificate has ended and says so, since only a token helps then", async () => {
  const { clock, renewal, identity } = setUp({ fail: () => new AuthorityError("unreachable", "away") });
  while ((await clock.next()) !== undefined) assert.ok(clock.time < 25 * HOUR_MS);
  assert.ok(clock.time >= identity.certExpiresAt);
  assert.equal(renewal.state.lapsed, true);
  assert.equal(renewal.state.nextAt, undefined);
});

test("a connection that could not be swapped is reported, and the next renewal is still planned", async () => {
  const { clock, log, renewal } = setUp({
    onRenewed: () => {
      throw new Error("no broker");
    },
  });
  await clock.next();
  assert.deepEqual(log, ["renewed", "no broker"]);
  assert.equal(renewal.state.nextAt, HOUR_MS);
});

test("an identity that is already past half its life is renewed at once", async () => {
  const clock = new StillClock();
  clock.time = 0.9 * HOUR_MS;
  const { renewal } = setUp({ clock });
  assert.equal(renewal.state.nextAt, clock.time);
});

test("after stop nothing is renewed", async () => {
  const { clock, log, renewal } = setUp();
  renewal.stop();
  assert.equal(await clock.next(), undefined);
  assert.deepEqual(log, []);
});

test("who is asked to renew early does so within the time given, once, and only when its identity is older", async () => {
  const { clock, log, renewal } = setUp();
  renewal.renewSoon(0, 2000);
  assert.equal(renewal.state.nextAt, HOUR_MS / 2, "it is not older");
  renewal.renewSoon(1, 2000);
  renewal.renewSoon(1, 4000);
  assert.equal(await clock.next(), 1000);
  assert.deepEqual(log, ["renewed", "told"]);
  assert.equal(renewal.state.nextAt, 1000 + HOUR_MS / 2);
  renewal.renewSoon(2, 60_000);
  assert.equal(renewal.state.nextAt, 1000 + HOUR_MS / 2);
});

test("one that was revoked asks no further", async () => {
  const { clock, log, renewal } = setUp({
    fail: () => new AuthorityError("revoked", "orders/i1 was revoked"),
  });
  await clock.next();
  assert.equal(await clock.next(), undefined);
  assert.deepEqual(log, ["orders/i1 was revoked"]);
  assert.equal(renewal.state.lapsed, true);
});
