import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_BODY } from "../../../sidecar/stack/body.ts";
import type { Replied } from "../../../sidecar/stack/outcome.ts";
import { decode } from "../../../src/protocol/decode.ts";
import { encodeAccept, encodeData, encodeEnd, encodeHead, encodeOpen } from "../../../src/protocol/encode.ts";
import { Flag, Kind } from "../../../src/protocol/frame.ts";
import type { Subject } from "../../../src/subjects/subjects.ts";
import { Collected, LiveBody } from "../../support/bodies.ts";
import { type ExchangePair, exchangePair } from "../../support/exchange-pair.ts";
import { until } from "../../support/until.ts";

const NOTHING = Buffer.alloc(0);
const OPEN = encodeOpen(Flag.last, 1, 1000, 1000, "GET /\nHost: x\r\n", NOTHING);

/** A callee under the test's control: what `orders` answers to the one call that it gets. */
async function puppet(pair: ExchangePair) {
  pair.servings.leave();
  await pair.calleeBus.flush();
  let reply: Subject | undefined;
  pair.calleeBus.subscribe("mesh.orders.any.*" as Subject, "orders", (message) => {
    reply = message.reply as Subject;
  });
  const toInstance: number[] = [];
  pair.calleeBus.subscribe("mesh.orders.*.*" as Subject, undefined, ({ subject, data }) => {
    if (subject.includes(".i-")) toInstance.push(decode(data).kind);
  });
  const outcome = pair.exchanges.send(pair.call({ body: new LiveBody("x") }));
  await until(() => reply);
  const answer = (...frames: Buffer[]) => {
    for (const frame of frames) pair.calleeBus.send(reply!, frame);
  };
  return { outcome, answer, toInstance };
}

const codeOf = async (outcome: Promise<unknown>) => ((await outcome) as { code?: string }).code;
const head = (sequence: number, text = "o1\nOK\n", flags: number = Flag.body) =>
  encodeHead(flags, 200, sequence, text, NOTHING);

test("a responder is no deputy: a call with somebody else's reply subject is dropped unanswered", async (t) => {
  let served = 0;
  const pair = exchangePair(t, async () => {
    served++;
    return { kind: "replied", status: 200, reason: "OK", headers: "", body: NO_BODY, instance: "" };
  });
  const victim: string[] = [];
  pair.callerBus.subscribe(">" as Subject, undefined, ({ subject }) => victim.push(subject));
  const replies = [
    "mesh.billing.v-1.orders",
    "_R.billing.b1.orders.x",
    "_R.shop.s1.billing.x",
    "reg.hb.orders.o1",
  ];
  for (const reply of replies) pair.callerBus.send("mesh.orders.any.shop" as Subject, OPEN, reply as Subject);
  await pair.callerBus.flush();
  await until(() => pair.dropped.length === replies.length);
  assert.equal(served, 0);
  assert.deepEqual(
    victim.filter((subject) => replies.includes(subject)),
    [],
  );
});

for (const [what, text] of Object.entries({
  "a second header line in the request line": "GET / HTTP/1.1\r\nX: y\nHost: x\r\n",
  "two lengths": "POST /\nContent-Length: 1\r\nContent-Length: 2\r\n",
  "a transfer coding": "POST /\nTransfer-Encoding: chunked\r\n",
  "a bare line feed": "GET /\nA: b\nEvil: yes\r\n",
  "an absolute target": "GET http://elsewhere/\nHost: x\r\n",
  "no request line at all": "",
})) {
  test(`a call with ${what} is refused, and no app sees it`, async (t) => {
    let served = 0;
    const pair = exchangePair(t, () => {
      served++;
      return new Promise(() => {});
    });
    const answers: Buffer[] = [];
    pair.callerBus.subscribe("_R.shop.s1.orders.evil" as Subject, undefined, ({ data }) =>
      answers.push(data),
    );
    const open = encodeOpen(Flag.last, 1, 1000, 1000, text, NOTHING);
    pair.callerBus.send("mesh.orders.any.shop" as Subject, open, "_R.shop.s1.orders.evil" as Subject);
    const frame = decode(await until(() => answers[0]));
    assert.equal(frame.kind === Kind.refuse && frame.code, "bad-request");
    assert.equal(served, 0);
  });
}

for (const [what, frames] of Object.entries({
  "bytes that are no frame": [Buffer.from([0x1f, 1, 2, 3])],
  "a head with a smuggled line": [head(0, "o1\nOK\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n")],
  "an instance that is no name": [head(0, "o1.>\nOK\n")],
  "a receipt from an instance that is no name": [encodeAccept(10, "*")],
  "a hop-by-hop field": [head(0, "o1\nOK\nConnection: close\r\n")],
})) {
  test(`an answer of ${what} fails the call and nothing else`, async (t) => {
    const pair = exchangePair(t, () => new Promise(() => {}));
    const { outcome, answer } = await puppet(pair);
    answer(...frames);
    assert.equal(await codeOf(outcome), "broken-stream");
  });
}

test("a sender that goes beyond its credit is cut off", async (t) => {
  const pair = exchangePair(t, () => new Promise(() => {}));
  const { outcome, answer, toInstance } = await puppet(pair);
  answer(head(0));
  const reader = new Collected();
  reader.takes = false;
  ((await outcome) as Replied).body.read(reader);
  for (let i = 1; i < 8; i++) answer(encodeData(0, i, Buffer.alloc(64 * 1024)));
  await until(() => reader.failed === "broken-stream");
  await until(() => toInstance.includes(Kind.cancel));
});

test("frames that come twice or in disorder make the same body; one that never comes fails it", async (t) => {
  const pair = exchangePair(t, () => new Promise(() => {}));
  const { outcome, answer } = await puppet(pair);
  answer(head(0), encodeData(0, 2, Buffer.from("c")), head(0), encodeData(0, 1, Buffer.from("ab")));
  answer(encodeData(0, 1, Buffer.from("ab")), encodeData(0, 3, Buffer.from("d")));
  const reader = new Collected();
  ((await outcome) as Replied).body.read(reader);
  await until(() => reader.text === "abcd");
  answer(encodeEnd(6, ""));
  await pair.calleeBus.flush();
  pair.pass(2001);
  await until(() => reader.failed === "broken-stream");
});

test("a second head cannot replace the first", async (t) => {
  const pair = exchangePair(t, () => new Promise(() => {}));
  const { outcome, answer } = await puppet(pair);
  answer(head(0), encodeHead(Flag.last, 500, 1, "o1\nNo\n", NOTHING));
  const reader = new Collected();
  const replied = (await outcome) as Replied;
  assert.equal(replied.status, 200);
  replied.body.read(reader);
  await until(() => reader.failed === "broken-stream");
});
