import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Body, NO_BODY, wholeBody } from "../../../sidecar/stack/body.ts";
import type { Call, Service } from "../../../sidecar/stack/call.ts";
import { failed, type Outcome, type Replied, refused } from "../../../sidecar/stack/outcome.ts";
import { decode } from "../../../src/protocol/decode.ts";
import type { Subject } from "../../../src/subjects/subjects.ts";
import { Collected, LiveBody, textOf } from "../../support/bodies.ts";
import { exchangePair } from "../../support/exchange-pair.ts";
import { until } from "../../support/until.ts";

const reply = (body: Body, more: Partial<Replied> = {}): Replied => ({
  ...{ kind: "replied", status: 200, reason: "OK", headers: "", body, instance: "" },
  ...more,
});

const codeOf = (outcome: Outcome) =>
  outcome.kind === "failed" ? [outcome.code, outcome.delivered] : [outcome.kind];

/** Counts the kinds of all frames that cross the broker. */
function watchFrames(pair: ReturnType<typeof exchangePair>): number[] {
  const kinds: number[] = [];
  pair.broker.connect().subscribe(">" as Subject, undefined, ({ data }) => kinds.push(decode(data).kind));
  return kinds;
}

const send = (t: TestContext, serve: Service, maxPayload?: number) => {
  const pair = exchangePair(t, serve, maxPayload);
  return { ...pair, kinds: watchFrames(pair) };
};

test("a small call is two messages, and its head arrives as it was written", async (t) => {
  const served: Call[] = [];
  const { exchanges, call, kinds } = send(t, async (seen) => {
    served.push(seen);
    return reply(wholeBody(Buffer.from("pong")), {
      status: 201,
      reason: "Made",
      headers: "X-A: 1\r\nx-a: 2\r\n",
    });
  });
  const headers = "Host: orders.mesh\r\nX-CaSe: a\r\nx-case: b\r\nContent-Length: 4\r\n";
  const outcome = await exchanges.send(
    call({ method: "POST", path: "/p?q=1", headers, body: wholeBody(Buffer.from("ping")) }),
  );
  assert.deepEqual(kinds, [1, 2]);
  assert.equal(outcome.kind, "replied");
  const { status, reason, headers: answered, body, instance } = outcome as Replied;
  assert.deepEqual(
    { status, reason, answered, instance },
    { status: 201, reason: "Made", answered: "X-A: 1\r\nx-a: 2\r\n", instance: "o1" },
  );
  assert.equal(body.first.toString(), "pong");
  const { head } = served[0]!;
  assert.deepEqual(
    [head.caller, head.method, head.path, head.headers, head.body.first.toString(), head.body.framing],
    ["shop", "POST", "/p?q=1", headers, "ping", "length"],
  );
  assert.equal(exchanges.size, 0);
});

test("without an instance the call fails at once, and nobody has seen it", async (t) => {
  const { exchanges, call } = exchangePair(t, async () => reply(NO_BODY));
  const outcome = await exchanges.send(call({ callee: "nobody" }));
  assert.deepEqual(
    [outcome.kind, "code" in outcome && outcome.code, "delivered" in outcome && outcome.delivered],
    ["failed", "no-instance", "no"],
  );
});

test("a body longer than a message travels in order and whole, both ways, under a small limit of the broker", async (t) => {
  const long = Array.from({ length: 40_000 }, (_, i) => `line ${i}\n`).join("");
  const { exchanges, call } = send(
    t,
    async ({ head }) => reply(wholeBody(Buffer.from(await textOf(head.body)))),
    4096,
  );
  const outcome = await exchanges.send(call({ body: wholeBody(Buffer.from(long)) }));
  assert.equal(await textOf((outcome as Replied).body), long);
  await until(() => exchanges.size === 0);
});

test("trailers arrive at the end of a body, both ways", async (t) => {
  const { exchanges, call } = exchangePair(t, async ({ head }) => {
    const request = new Collected();
    head.body.read(request);
    await until(() => request.trailers !== undefined);
    return reply(wholeBody(Buffer.from("x"), "until-end", `X-Seen: ${request.trailers!.trim()}\r\n`));
  });
  const outcome = await exchanges.send(
    call({ body: wholeBody(Buffer.from("a"), "until-end", "X-T: 1\r\n") }),
  );
  const answer = new Collected();
  (outcome as Replied).body.read(answer);
  await until(() => answer.trailers !== undefined);
  assert.equal(answer.trailers, "X-Seen: X-T: 1\r\n");
});

test("a reader that stops stops the writer, and credit starts it again", async (t) => {
  const source = new LiveBody();
  const { exchanges, call } = exchangePair(t, async () => reply(source));
  const { body } = (await exchanges.send(call())) as Replied;
  const reader = new Collected();
  reader.takes = false;
  body.read(reader);
  const chunk = Buffer.alloc(16 * 1024, "a");
  await until(() => source.sink);
  let written = 0;
  while (source.sink!.write(chunk)) written += chunk.length;
  assert.ok(written < 300 * 1024, `the writer was stopped after ${written} bytes`);
  assert.equal(source.resumed, 0);
  reader.takes = true;
  body.resume();
  await until(() => source.resumed > 0);
  source.sink!.end("");
  await until(() => reader.trailers !== undefined);
  assert.equal(reader.bytes, written + chunk.length);
});

test("an event stream arrives event by event", async (t) => {
  const source = new LiveBody("");
  const { exchanges, call } = exchangePair(t, async () => reply(source));
  const { body } = (await exchanges.send(call())) as Replied;
  const reader = new Collected();
  body.read(reader);
  await until(() => source.sink);
  for (const event of ["one", "two", "three"]) {
    source.sink!.write(Buffer.from(event));
    await until(() => reader.chunks.at(-1)?.toString() === event);
  }
});

test("a caller that leaves before the answer cancels the call at the callee", async (t) => {
  const served: Call[] = [];
  const pair = exchangePair(t, (seen) => {
    served.push(seen);
    return new Promise(() => {});
  });
  const call = pair.call();
  const outcome = pair.exchanges.send(call);
  await until(() => served.length === 1);
  call.cancel("cancelled");
  assert.equal(codeOf(await outcome)[0], "cancelled");
  // Nobody has said yet who has the call: the receipt tells, and is answered with the cancellation.
  pair.pass(60);
  await until(() => served[0]!.cancelled === "cancelled");
  assert.equal(pair.servings.size, 0);
  assert.equal(pair.exchanges.size, 0);
});

test("a caller that leaves in the middle of an answer stops its source", async (t) => {
  const source = new LiveBody("start");
  const pair = exchangePair(t, async () => reply(source));
  const call = pair.call();
  const { body } = (await pair.exchanges.send(call)) as Replied;
  const reader = new Collected();
  body.read(reader);
  await until(() => source.sink);
  call.cancel("cancelled");
  await until(() => source.abandoned !== undefined);
  assert.equal(reader.failed, "cancelled");
});

test("an app that breaks off in the middle of its answer breaks off the caller's", async (t) => {
  const source = new LiveBody("start");
  const { exchanges, call } = exchangePair(t, async () => reply(source));
  const { body } = (await exchanges.send(call())) as Replied;
  const reader = new Collected();
  body.read(reader);
  await until(() => source.sink);
  source.sink!.fail("app-reset");
  await until(() => reader.failed === "app-reset");
});

test("an answer that comes before the end of the request stops the request", async (t) => {
  const source = new LiveBody("part");
  const { exchanges, call, servings } = exchangePair(t, async () => reply(wholeBody(Buffer.from("enough"))));
  const outcome = await exchanges.send(call({ body: source }));
  assert.equal((outcome as Replied).body.first.toString(), "enough");
  await until(() => source.abandoned !== undefined);
  await until(() => exchanges.size + servings.size === 0);
});

test("what the callee refuses was not delivered; what failed in its app may have been", async (t) => {
  const outcomes = [
    refused("draining", "leaving"),
    failed("app-unreachable", "no", "x"),
    failed("app-reset", "unknown", "why"),
  ];
  const { exchanges, call } = exchangePair(t, async () => outcomes.shift()!);
  const got = [];
  for (let i = 0; i < 3; i++) got.push(await exchanges.send(call()));
  assert.deepEqual(
    got.map((outcome) => outcome.kind === "failed" && [outcome.code, outcome.delivered, outcome.message]),
    [
      ["draining", "no", "leaving"],
      ["app-unreachable", "no", "x"],
      ["app-reset", "unknown", "why"],
    ],
  );
});

test("interim answers come before the answer, in order", async (t) => {
  const { exchanges, call } = exchangePair(t, async (served) => {
    served.onInterim?.({ status: 100, reason: "Continue", headers: "" });
    served.onInterim?.({ status: 103, reason: "Early Hints", headers: "Link: </a>\r\n" });
    return reply(NO_BODY, { status: 204, reason: "No Content" });
  });
  const seen: number[] = [];
  const asked = call();
  asked.onInterim = ({ status }) => seen.push(status);
  const outcome = await exchanges.send(asked);
  assert.deepEqual([...seen, (outcome as Replied).status], [100, 103, 204]);
});

test("both directions of a tunnel flow until both have ended", async (t) => {
  const [fromApp, fromClient] = [new LiveBody(), new LiveBody("", "none")];
  const atApp = new Collected();
  const pair = exchangePair(t, async ({ head }) => {
    assert.equal(head.upgrade, "websocket");
    head.body.read(atApp);
    return reply(fromApp, { status: 101, reason: "Switching Protocols", headers: "Upgrade: websocket\r\n" });
  });
  const outcome = await pair.exchanges.send(pair.call({ upgrade: "websocket", body: fromClient }));
  const atClient = new Collected();
  (outcome as Replied).body.read(atClient);
  await until(() => fromApp.sink && fromClient.sink);
  fromClient.sink!.write(Buffer.from("hi"));
  fromApp.sink!.write(Buffer.from("ho"));
  await until(() => atApp.text === "hi" && atClient.text === "ho");
  fromApp.sink!.end("");
  await until(() => atClient.trailers !== undefined);
  fromClient.sink!.write(Buffer.from(" there"));
  await until(() => atApp.text === "hi there");
  fromClient.sink!.end("");
  await until(() => pair.exchanges.size + pair.servings.size === 0);
});

test("the broker is told of a traced call where it traces, and of no other", async (t) => {
  const ids = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";
  const [traced, untraced] = [`00-${ids}-01`, `00-${ids}-00`];
  for (const [brokerTraces, traceparent, told] of [
    [true, traced, traced],
    [true, untraced, undefined],
    [false, traced, undefined],
  ] as const) {
    const pair = exchangePair(t, async () => reply(NO_BODY), undefined, brokerTraces);
    const { callerBus } = pair;
    const send = callerBus.send.bind(callerBus);
    const contexts: (string | undefined)[] = [];
    callerBus.send = (subject, data, reply, context) => {
      contexts.push(context);
      return send(subject, data, reply, context);
    };
    const call = pair.call();
    call.traceparent = traceparent;
    assert.equal((await pair.exchanges.send(call)).kind, "replied");
    assert.deepEqual([...new Set(contexts)], [told]);
  }
});
