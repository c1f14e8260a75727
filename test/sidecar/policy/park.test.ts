import assert from "node:assert/strict";
import { test } from "node:test";
import { deadline } from "../../../sidecar/policy/deadline.ts";
import { ParkingLot, type ParkSettings } from "../../../sidecar/policy/park.ts";
import type { Call } from "../../../sidecar/stack/call.ts";
import { marksOf } from "../../../sidecar/stack/marks.ts";
import { type Failed, failed, type Outcome } from "../../../sidecar/stack/outcome.ts";
import { stack } from "../../../sidecar/stack/stack.ts";
import { aCall } from "../../support/calls.ts";
import { seeded } from "../../support/random.ts";
import { codeOf, isPending, replied, time } from "./scene.ts";

const nobody = failed("no-instance", "no", "orders has no instance");

/** A service whose versions come and go; `any` is there when one of them is. */
class Mesh {
  readonly up = new Set<string>();
  readonly served: string[] = [];
  asked = 0;
  answer: Outcome | Promise<Outcome> = replied;
  /** Who says that it has the call, before it answers. */
  instance = "";

  readonly send = async (call: Call): Promise<Outcome> => {
    this.asked++;
    const { target } = call;
    const isThere = target.kind === "version" ? this.up.has(target.version) : this.up.size > 0;
    if (!isThere) return nobody;
    this.served.push(call.path);
    call.instance = this.instance;
    return this.answer;
  };
}

const scene = (settings: Partial<ParkSettings> = {}, random = () => 0.5) => {
  const { sweep, pass } = time();
  const mesh = new Mesh();
  const lot = new ParkingLot({ maxWaitMs: 5000, maxCalls: 100, ...settings }, { sweep, random });
  const send = lot.layer(mesh.send);
  const run = async (ms: number) => {
    for (let past = 0; past < ms; past += 10) await pass(10);
  };
  return { sweep, pass, run, mesh, lot, send };
};

const numbered = (count: number) => Array.from({ length: count }, (_, i) => aCall({ path: `/${i}` }));

test("a call for which there is no instance is held, and sent when one comes", async () => {
  const { mesh, lot, send, run, sweep } = scene();
  const outcome = send(aCall());
  assert.equal(await isPending(outcome), true);
  assert.deepEqual([lot.counts.held, mesh.asked], [1, 1]);
  mesh.up.add("1");
  lot.up("1");
  await run(30);
  assert.equal(codeOf(await outcome), 200);
  assert.deepEqual([lot.counts, sweep.size], [{ held: 0, parked: 1, expired: 0, full: 0 }, 0]);
});

test("a call that finds an instance is not held up", async () => {
  const { mesh, lot, send } = scene();
  mesh.up.add("1");
  assert.equal(codeOf(await send(aCall())), 200);
  assert.equal(lot.counts.parked, 0);
});

test("what was held too long is refused with a time to come again", async () => {
  const { send, run, lot, sweep } = scene({ maxWaitMs: 1000 });
  const outcome = send(aCall());
  await run(980);
  assert.equal(await isPending(outcome), true);
  await run(40);
  const refusal = await outcome;
  assert.ok(refusal.kind === "refused");
  assert.deepEqual([refusal.code, refusal.retryAfterMs], ["parked-expired", 1000]);
  assert.deepEqual([lot.counts.expired, lot.counts.held, sweep.size], [1, 0, 0]);
});

test("more than the lot holds fail as they would without it, are told why, and count once however often they are tried", async () => {
  const { send, lot } = scene({ maxCalls: 2 });
  const calls = numbered(3);
  const outcomes = calls.map(send);
  const third = (await outcomes[2]) as Failed;
  assert.deepEqual(
    [third.code, third.delivered, third.message],
    ["no-instance", "no", "orders has no instance, and 2 calls are held already"],
  );
  await send(calls[2]!);
  assert.deepEqual([lot.counts.held, lot.counts.full, marksOf(calls[2]!.marks)], [2, 1, "lot-full"]);
});

test("a caller that leaves frees its place at once", async () => {
  const { send, lot, sweep } = scene({ maxCalls: 1 });
  const call = aCall();
  const outcome = send(call);
  await new Promise(setImmediate);
  call.cancel("cancelled");
  assert.equal(codeOf(await outcome), "cancelled");
  assert.deepEqual([lot.counts.held, sweep.size], [0, 0]);
});

test("the time in the lot is the call's own: its deadline ends it, and says where the time went", async () => {
  const { sweep, pass, lot, mesh } = scene();
  const outcome = stack(deadline(sweep), lot.layer)(mesh.send)(aCall({ timeoutMs: 300 }));
  await pass(0);
  await pass(300);
  const ended = await outcome;
  assert.ok(ended.kind === "failed");
  assert.deepEqual([ended.code, ended.delivered, lot.counts.held], ["deadline", "no", 0]);
  assert.match(ended.message, /waited 300 ms.*held for an instance/);
});

test("without word from the registry one call at a time finds out that somebody is there", async () => {
  const { mesh, send, run } = scene();
  const outcomes = numbered(50).map(send);
  await new Promise(setImmediate);
  const before = mesh.asked;
  await run(1000);
  assert.ok(
    mesh.asked - before >= 3 && mesh.asked - before <= 5,
    `${mesh.asked - before} probes in a second`,
  );
  mesh.up.add("1");
  await run(400);
  assert.deepEqual(new Set((await Promise.all(outcomes)).map(codeOf)), new Set([200]));
});

test("an app that takes long to answer opens the line when its sidecar has confirmed the first call", async () => {
  const { mesh, send, run } = scene();
  void numbered(50).map(send);
  await new Promise(setImmediate);
  mesh.up.add("1");
  mesh.answer = new Promise(() => {});
  mesh.instance = "o1";
  await run(300);
  assert.equal(mesh.served.length, 1);
  await run(400);
  assert.equal(mesh.served.length, 50);
});

test("an instance that took one call and went away is not taken for one that is there", async () => {
  const { mesh, send, run } = scene();
  void numbered(50).map(send);
  await new Promise(setImmediate);
  mesh.up.add("1");
  mesh.answer = new Promise(() => {});
  mesh.instance = "o1";
  await run(300);
  mesh.up.clear();
  await run(250);
  const asked = mesh.asked;
  await run(1000);
  assert.ok(mesh.asked - asked <= 5, `${mesh.asked - asked} calls to nobody`);
});

test("calls are sent in the order in which they came, few at first, then more", async () => {
  const { mesh, lot, send, run } = scene({ maxCalls: 1000 });
  const calls = numbered(200);
  void calls.map(send);
  await new Promise(setImmediate);
  mesh.up.add("1");
  lot.up("1");
  const ticks: number[] = [];
  for (let i = 0; i < 40; i++) {
    const before = mesh.served.length;
    await run(10);
    if (mesh.served.length > before) ticks.push(mesh.served.length - before);
  }
  assert.deepEqual(ticks, [20, 40, 80, 60]);
  assert.deepEqual(
    mesh.served,
    calls.map(({ path }) => path),
  );
});

test("callers do not release at the same moment", async () => {
  const first = new Set<number>();
  for (let seed = 1; seed <= 20; seed++) {
    const { mesh, lot, send, pass } = scene({}, seeded(seed));
    void send(aCall());
    await new Promise(setImmediate);
    mesh.up.add("1");
    lot.up("1");
    for (let ms = 1; ms <= 25 && mesh.served.length === 0; ms++) {
      await pass(1);
      if (mesh.served.length > 0) first.add(ms);
    }
  }
  assert.ok(first.size >= 8, [...first].join());
});

test("new calls go behind those that are held, and nobody overtakes", async () => {
  const { mesh, lot, send, run } = scene();
  const calls = numbered(10);
  for (const call of calls) {
    void send(call);
    await new Promise(setImmediate);
  }
  mesh.up.add("1");
  void send(aCall({ path: "/late" }));
  lot.up("1");
  await run(100);
  assert.deepEqual(mesh.served, [...calls.map(({ path }) => path), "/late"]);
});

test("when the instance has gone again, calls come back to their places", async () => {
  const { mesh, lot, send, run, sweep } = scene();
  const calls = numbered(60);
  const outcomes = calls.map(send);
  await new Promise(setImmediate);
  lot.up("1");
  await run(30);
  assert.deepEqual([lot.counts.held, mesh.served.length], [60, 0]);
  const asked = mesh.asked;
  await run(100);
  assert.ok(mesh.asked - asked <= 1, "it is closed again");
  mesh.up.add("1");
  lot.up("1");
  await run(200);
  assert.deepEqual(
    mesh.served,
    calls.map(({ path }) => path),
  );
  assert.equal((await Promise.all(outcomes)).length, 60);
  assert.deepEqual([lot.counts.parked, sweep.size], [60, 0]);
});

test("each version has its own line, and any of them ends the wait of those that asked for none", async () => {
  const { mesh, lot, send, run } = scene();
  const asking = (path: string, version?: string) =>
    aCall({ path, target: version === undefined ? { kind: "any" } : { kind: "version", version } });
  for (const call of [asking("/one", "1"), asking("/two", "2"), asking("/any")]) void send(call);
  await new Promise(setImmediate);
  mesh.up.add("2");
  lot.up("2");
  await run(50);
  assert.deepEqual(mesh.served.sort(), ["/any", "/two"]);
  assert.equal(lot.counts.held, 1);
});

test("only the broker's word that nobody is there counts", async () => {
  const { lot, send } = scene();
  for (const outcome of [
    failed("no-instance", "unknown", "x"),
    failed("app-unreachable", "no", "x"),
    failed("broker-away", "no", "x"),
  ])
    assert.equal(await lot.layer(async () => outcome)(aCall()), outcome);
  const one = aCall({ target: { kind: "instance", instance: "o1" } });
  assert.equal(await send(one), nobody);
  const spent = aCall();
  spent.spent = true;
  assert.equal(await send(spent), nobody);
  assert.equal(lot.counts.parked, 0);
});

test("a failure of a held call is its own, and the others wait on", async () => {
  const { mesh, send, run } = scene();
  const [first, second] = numbered(2).map(send);
  await new Promise(setImmediate);
  mesh.up.add("1");
  mesh.answer = failed("broker-lost", "unknown", "x");
  await run(300);
  assert.equal(codeOf(await first!), "broker-lost");
  assert.equal(await isPending(second!), true);
});

test("whatever comes when: each call ends once, in time, and nothing is left behind", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = seeded(seed);
    const { sweep, lot, mesh, pass } = scene({ maxWaitMs: 400, maxCalls: 10 }, random);
    const send = stack(deadline(sweep), lot.layer)(mesh.send);
    const calls: Call[] = [];
    let ended = 0;
    let longestMs = 0;
    for (let i = 0; i < 300; i++) {
      const chance = random();
      if (chance < 0.5) {
        const call = aCall({ timeoutMs: random() < 0.2 ? 100 : 15_000 }, sweep.now());
        calls.push(call);
        const startedAt = sweep.now();
        void send(call).then(() => {
          ended++;
          longestMs = Math.max(longestMs, sweep.now() - startedAt);
        });
      } else if (chance < 0.55) calls[Math.floor(random() * calls.length)]?.cancel("cancelled");
      else if (chance < 0.6) {
        if (mesh.up.delete("1") === false) {
          mesh.up.add("1");
          if (random() < 0.5) lot.up("1");
        }
      } else await pass(random() * 30);
      assert.ok(lot.counts.held <= 20);
    }
    for (let i = 0; i < 50; i++) await pass(20);
    assert.deepEqual([ended, lot.counts.held, sweep.size], [calls.length, 0, 0], `seed ${seed}`);
    // Each of begin, wait and end may come one step of up to 30 ms late.
    assert.ok(longestMs <= 490, `seed ${seed}: ${longestMs} ms`);
  }
});
