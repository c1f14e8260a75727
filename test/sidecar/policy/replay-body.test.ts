import assert from "node:assert/strict";
import { test } from "node:test";
import { REPLAY_BYTES } from "../../../sidecar/policy/idempotent.ts";
import { ReplayBody } from "../../../sidecar/policy/replay-body.ts";
import type { Outcome } from "../../../sidecar/stack/outcome.ts";
import { Collected, LiveBody } from "../../support/bodies.ts";
import { aCall } from "../../support/calls.ts";
import { CODES, scene, unavailable } from "./retry-scene.ts";
import { codeOf, isPending, replied } from "./scene.ts";

test("what passes is kept to its end, also when its reader leaves", () => {
  const source = new LiveBody("a");
  const body = new ReplayBody(source);
  const reader = new Collected();
  body.read(reader);
  source.sink!.write(Buffer.from("b"));
  body.abandon("cancelled");
  assert.deepEqual([source.abandoned, source.resumed], [undefined, 1]);
  source.sink!.write(Buffer.from("c"));
  source.sink!.end("x: y\r\n");
  const { first, trailers, complete } = body.whole!;
  assert.deepEqual([first.toString(), trailers, complete, reader.text], ["abc", "x: y\r\n", true, "b"]);
});

test("one that is too long is not kept: it goes to its reader, and ends when that has left", () => {
  const source = new LiveBody();
  const body = new ReplayBody(source);
  const reader = new Collected();
  body.read(reader);
  source.sink!.write(Buffer.alloc(REPLAY_BYTES));
  assert.equal(body.isOpen, true);
  source.sink!.write(Buffer.alloc(1));
  assert.deepEqual([body.isOpen, reader.bytes, source.abandoned], [false, REPLAY_BYTES + 1, undefined]);
  body.abandon("cancelled");
  assert.equal(source.abandoned, "cancelled");
  const left = new LiveBody();
  const second = new ReplayBody(left);
  second.abandon("cancelled");
  assert.equal(left.sink!.write(Buffer.alloc(REPLAY_BYTES + 1)), false);
  assert.equal(left.abandoned, "cancelled");
});

/** A PUT whose first attempt is answered 503 before its body has come to its end. */
const early = () => {
  const { sweep, pass, layer } = scene([], CODES);
  const source = new LiveBody("one ");
  const call = aCall({ method: "PUT", body: source });
  const bodies: string[] = [];
  const outcome = layer(async (tried): Promise<Outcome> => {
    const { body } = tried.head;
    if (body.complete) {
      bodies.push(body.first.toString());
      return replied;
    }
    tried.spent = true;
    body.read(new Collected());
    body.abandon("cancelled");
    return unavailable();
  })(call);
  return { sweep, pass, source, call, bodies, outcome };
};

test("a call that is answered before its body has come is tried again when it has", async () => {
  const { pass, source, call, bodies, outcome } = early();
  let ended = 0;
  call.onRequestEnded = () => void ended++;
  await pass(500);
  source.sink!.write(Buffer.from("two"));
  assert.equal(await isPending(outcome), true);
  source.sink!.end("");
  for (let i = 0; i < 5; i++) await pass(0);
  assert.equal(codeOf(await outcome), 200);
  assert.deepEqual([bodies, ended, call.attempt], [["one two"], 1, 2]);
});

test("nobody waits for it longer than a second, and then it is wanted no more", async () => {
  const { sweep, pass, source, outcome } = early();
  await pass(0);
  assert.equal(await isPending(outcome), true);
  await pass(1000);
  assert.equal(codeOf(await outcome), 503);
  assert.deepEqual([source.abandoned, sweep.size], ["cancelled", 0]);
});

test("a caller that leaves meanwhile ends it", async () => {
  const { sweep, pass, source, call, outcome } = early();
  await pass(10);
  call.cancel("cancelled");
  await outcome;
  assert.deepEqual([source.abandoned, sweep.size], ["cancelled", 0]);
});

test("a body that is not to be sent again is not kept", async () => {
  for (const [method, options] of [
    ["POST", CODES],
    ["PUT", { ...CODES, codes: undefined }],
    ["PUT", { ...CODES, attempts: 0 }],
  ] as const) {
    const body = new LiveBody("x");
    const call = aCall({ method, body });
    const { layer } = scene([], options);
    await layer(async ({ head }) => {
      assert.equal(head.body, body);
      return replied;
    })(call);
  }
});
