import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus, Message } from "../../src/bus/bus.ts";
import type { Subject } from "../../src/subjects/subjects.ts";
import { until } from "../support/until.ts";

/** What every bus promises. `connect` gives a further connection to the same broker. */
export function busContract(
  name: string,
  connect: (t: import("node:test").TestContext) => Promise<() => Promise<Bus>>,
) {
  const subject = (text: string) => text as Subject;

  test(`${name}: a message reaches each plain subscription, with its reply subject and its bytes`, async (t) => {
    const open = await connect(t);
    const [sender, one, two] = [await open(), await open(), await open()];
    const got: Message[] = [];
    for (const bus of [one, two]) bus.subscribe(subject("a.*"), undefined, (message) => got.push(message));
    await Promise.all([one.flush(), two.flush()]);
    sender.send(subject("a.b"), Buffer.from([0, 255, 10]), subject("back.1"));
    await until(() => got.length === 2);
    assert.deepEqual(
      got.map(({ subject, reply, data }) => ({ subject, reply, data: [...data] })),
      Array(2).fill({ subject: "a.b", reply: "back.1", data: [0, 255, 10] }),
    );
  });

  test(`${name}: a message reaches one member of a queue group`, async (t) => {
    const open = await connect(t);
    const [sender, one, two] = [await open(), await open(), await open()];
    let count = 0;
    for (const bus of [one, two]) bus.subscribe(subject("q.>"), "group", () => count++);
    await Promise.all([one.flush(), two.flush()]);
    for (let i = 0; i < 20; i++) sender.send(subject(`q.${i}.x`), Buffer.from("x"));
    await sender.flush();
    await until(() => count >= 20);
    await one.flush();
    await two.flush();
    assert.equal(count, 20);
  });

  test(`${name}: messages from one sender keep their order`, async (t) => {
    const open = await connect(t);
    const [sender, receiver] = [await open(), await open()];
    const got: number[] = [];
    receiver.subscribe(subject("n"), undefined, ({ data }) => got.push(data.readUInt16BE()));
    await receiver.flush();
    for (let i = 0; i < 1000; i++) sender.send(subject("n"), Buffer.from([i >> 8, i & 255]));
    await until(() => got.length === 1000);
    assert.deepEqual(
      got,
      [...got].sort((a, b) => a - b),
    );
  });

  test(`${name}: when nobody subscribes, the sender hears of it at once on its reply subject`, async (t) => {
    const open = await connect(t);
    const sender = await open();
    const got: Message[] = [];
    sender.subscribe(subject("back.>"), undefined, (message) => got.push(message));
    sender.send(subject("nobody.there"), Buffer.from("x"), subject("back.me.7"));
    const message = await until(() => got[0]);
    assert.equal(message.noResponders, true);
    assert.equal(message.subject, "back.me.7");
  });

  test(`${name}: every subscription of the sender that covers the reply hears that nobody subscribes`, async (t) => {
    const open = await connect(t);
    const sender = await open();
    const got: string[] = [];
    for (const pattern of ["back.>", "back.me.*", "back.*.7", "back.you.*"])
      sender.subscribe(subject(pattern), undefined, ({ noResponders }) => noResponders && got.push(pattern));
    sender.send(subject("nobody.there"), Buffer.from("x"), subject("back.me.7"));
    await until(() => got.length >= 3);
    assert.deepEqual(got.sort(), ["back.*.7", "back.>", "back.me.*"]);
  });

  test(`${name}: after unsubscribe and flush nothing comes any more`, async (t) => {
    const open = await connect(t);
    const [sender, receiver] = [await open(), await open()];
    let count = 0;
    const subscription = receiver.subscribe(subject("u"), undefined, () => count++);
    await receiver.flush();
    subscription.unsubscribe();
    await receiver.flush();
    sender.send(subject("u"), Buffer.from("x"));
    await sender.flush();
    await receiver.flush();
    assert.equal(count, 0);
  });

  test(`${name}: a message over the broker's limit is not sent, and the connection lives on`, async (t) => {
    const open = await connect(t);
    const bus = await open();
    assert.equal(bus.send(subject("big"), Buffer.alloc(bus.maxPayload + 1)), false);
    await bus.flush();
    assert.equal(bus.state.kind, "connected");
  });

  test(`${name}: a renewal loses no message and changes no subscription`, async (t) => {
    const open = await connect(t);
    const [sender, receiver] = [await open(), await open()];
    const got = new Set<number>();
    receiver.subscribe(subject("r"), "group", ({ data }) => got.add(data.readUInt16BE()));
    await receiver.flush();
    let sent = 0;
    const load = setInterval(() => sender.send(subject("r"), Buffer.from([sent >> 8, sent++ & 255])), 1);
    t.after(() => clearInterval(load));
    for (let i = 0; i < 3; i++) {
      await receiver.renew();
      await sender.renew();
    }
    clearInterval(load);
    await sender.flush();
    await until(() => got.size === sent, { what: `all ${sent} messages, not ${got.size}` });
  });

  test(`${name}: a closed bus says so and sends nothing`, async (t) => {
    const open = await connect(t);
    const bus = await open();
    const states: string[] = [];
    bus.onState((state) => states.push(state.kind));
    await bus.close();
    assert.deepEqual(states, ["closed"]);
    assert.equal(bus.send(subject("x"), Buffer.from("x")), false);
  });
}
