import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MemoryBroker } from "../../src/bus/memory-bus.ts";
import { type Account, MAX_TOLD_BYTES, readQuestion, readTold } from "../../src/control/explain/account.ts";
import { Explainer, GATHER_MS } from "../../src/control/explain/explain.ts";
import { tell } from "../../src/control/explain/tell.ts";
import { Drops } from "../../src/registry/drops.ts";
import { pack } from "../../src/registry/frame.ts";
import type { Subject } from "../../src/subjects/subjects.ts";
import { silentLog } from "../registry/beats.ts";
import { FakeClock, turns } from "../support/fake-clock.ts";

const account = (changes: Partial<Account> = {}): Account => ({
  ...{ side: "client", service: "shop", instance: "s1", at: 1000, method: "GET", path: "/x" },
  ...{ caller: "shop", callee: "orders", attempts: [{ instance: "o1", code: "", status: 200, ms: 3 }] },
  ...{ status: 200, code: "", ms: 4 },
  ...changes,
});

function setUp(maxPayload?: number) {
  const broker = new MemoryBroker(maxPayload);
  const clock = new FakeClock();
  const drops = new Drops(silentLog, () => clock.now());
  const explainer = new Explainer({ bus: broker.connect(), clock, drops });
  explainer.start();
  const sidecar = (service: string, instance: string, accounts: (id: string) => readonly Account[]) =>
    tell({
      ...{ bus: broker.connect(), service, instance },
      accounts: (wanted) => accounts("traceId" in wanted ? wanted.traceId : wanted.requestId),
    });
  const explain = async (requestId = "r1") => {
    const explained = explainer.explain(requestId);
    await turns();
    clock.advance(GATHER_MS);
    return explained;
  };
  /** Something that answers each question with bytes of its own. */
  const liar = (subject: string, make: (question: string) => Buffer[]) => {
    const bus = broker.connect();
    bus.subscribe("reg.ev.explain" as Subject, undefined, ({ data }) => {
      for (const said of make(readQuestion(data)!.question)) bus.send(subject as Subject, said);
    });
  };
  return { broker, clock, drops, explainer, sidecar, explain, liar };
}

describe("an explanation", () => {
  test("is what all sidecars know of the request, in the order of the calls, the caller's side first", async () => {
    const { sidecar, explain } = setUp();
    const server = account({ side: "server", service: "orders", instance: "o1", attempts: [] });
    sidecar("orders", "o1", (id) => (id === "r1" ? [server] : []));
    sidecar("shop", "s1", (id) => (id === "r1" ? [account(), account({ at: 900, callee: "billing" })] : []));
    sidecar("idle", "i1", () => []);
    assert.deepEqual(
      (await explain()).map(({ side, callee }) => `${side} ${callee}`),
      ["client billing", "client orders", "server orders"],
    );
    assert.deepEqual(await explain("r2"), []);
  });

  test("keeps its size: texts are cut, and what no terminal should get is covered", async () => {
    const { sidecar, explain, drops } = setUp();
    const attempts = Array.from({ length: 40 }, (_, i) => ({ instance: "o1", code: "", status: 200, ms: i }));
    const long = account({ path: `/\u001b[2J${"x".repeat(9999)}`, why: "é".repeat(9999), attempts });
    sidecar("shop", "s1", () => Array.from({ length: 100 }, () => long));
    const accounts = await explain();
    assert.ok(accounts.length >= 8 && accounts.length <= 32, `${accounts.length} accounts`);
    const [{ path, why, attempts: kept }] = accounts as [Account];
    assert.match(path, /^\/\?\[2Jx+…$/);
    assert.deepEqual([path.length, why!.length, kept.length, kept.at(-1)!.ms], [512, 500, 16, 39]);
    assert.deepEqual(drops.counts(), {});
  });

  test("is not filled by one service, however many instances tell", async () => {
    const { sidecar, explain, drops } = setUp();
    for (let i = 0; i < 5; i++)
      sidecar("loud", `l${i}`, () =>
        Array.from({ length: 32 }, () => account({ service: "loud", instance: `l${i}` })),
      );
    sidecar("shop", "s1", () => [account()]);
    const accounts = await explain();
    assert.equal(accounts.filter(({ service }) => service === "loud").length, 64);
    assert.equal(accounts.filter(({ service }) => service === "shop").length, 1);
    assert.deepEqual(drops.counts(), { "told-bad": 3 });
  });

  test("takes no junk, nothing in another's name, nothing unasked, and nothing twice", async () => {
    const { liar, explain, drops, sidecar } = setUp();
    const told = (question: string, one: Account, instance = one.instance) =>
      pack({ question, instance, accounts: [one] });
    const evil = account({ service: "evil", instance: "e1" });
    liar("reg.get.told.evil", (question) => [
      Buffer.from("junk"),
      Buffer.alloc(MAX_TOLD_BYTES + 1),
      told(question, { ...evil, why: "\u001b[31m" }),
      told(question, { ...evil, path: "x".repeat(513) }),
      pack({ question, instance: "e1", accounts: [] }),
      told(question, account()),
      told(question, evil, "e2"),
      told("another", evil),
      told(question, evil),
      told(question, evil),
    ]);
    sidecar("shop", "s1", () => [account()]);
    assert.deepEqual(
      (await explain()).map(({ service }) => service),
      ["evil", "shop"],
    );
    assert.deepEqual(drops.counts(), { "told-bad": 6, "told-forged": 2 });
  });

  test("counts only until the time is over", async () => {
    const { broker, clock, explainer } = setUp();
    let question = "";
    const late = broker.connect();
    late.subscribe("reg.ev.explain" as Subject, undefined, ({ data }) => {
      question = readQuestion(data)!.question;
    });
    const explained = explainer.explain("r1");
    await turns();
    clock.advance(GATHER_MS);
    late.send("reg.get.told.shop" as Subject, pack({ question, instance: "s1", accounts: [account()] }));
    await turns();
    assert.deepEqual(await explained, []);
  });

  test("is refused for what is no request id, for too many at once, and without a broker", async () => {
    const { explainer, broker, clock } = setUp();
    for (const bad of ["", "x".repeat(201), "a\nb"])
      await assert.rejects(explainer.explain(bad), { name: "ExplainError", kind: "bad-request" });
    const open = Array.from({ length: 16 }, (_, i) => explainer.explain(`r${i}`));
    await assert.rejects(explainer.explain("r17"), { kind: "busy" });
    clock.advance(GATHER_MS);
    await Promise.all(open);
    broker.setAway(true);
    await assert.rejects(explainer.explain("r18"), { kind: "away" });
    broker.setAway(false);
  });

  test("reaches every registry that asks, and disturbs none that did not", async () => {
    const { broker, clock, sidecar, explain, drops } = setUp();
    const otherDrops = new Drops(silentLog, () => clock.now());
    const other = new Explainer({ bus: broker.connect(), clock, drops: otherDrops });
    other.start();
    sidecar("shop", "s1", () => [account()]);
    assert.equal((await explain()).length, 1);
    assert.deepEqual([drops.counts(), otherDrops.counts()], [{}, {}]);
  });
});

test("a trace is asked for by its id, and leaves places for those who explain", async () => {
  const { clock, explainer, sidecar } = setUp();
  const id = "0af7651916cd43dd8448eb211c80319c";
  sidecar("shop", "s1", (wanted) => (wanted === id ? [account()] : []));
  await assert.rejects(explainer.trace(id.toUpperCase()), { kind: "bad-request" });
  const open = Array.from({ length: 8 }, () => explainer.trace(id));
  await assert.rejects(explainer.trace(id), { kind: "busy" });
  open.push(explainer.explain("r1"));
  await turns();
  clock.advance(GATHER_MS);
  assert.deepEqual(
    (await Promise.all(open)).map((accounts) => accounts.length),
    [...Array.from({ length: 8 }, () => 1), 0],
  );
});

test("a question that is none is not answered", async () => {
  const { broker, sidecar } = setUp();
  const told: unknown[] = [];
  broker
    .connect()
    .subscribe("reg.get.told.shop" as Subject, undefined, ({ data }) => told.push(readTold(data)));
  const ids: string[] = [];
  sidecar("shop", "s1", (id) => {
    ids.push(id);
    return [];
  });
  const registry = broker.connect();
  for (const junk of [Buffer.from("junk"), pack({ question: "q" }), pack({ question: "q", requestId: "" })])
    registry.send("reg.ev.explain" as Subject, junk);
  await turns();
  assert.deepEqual([told, ids], [[], []]);
});
