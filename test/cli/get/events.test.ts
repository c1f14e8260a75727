import assert from "node:assert/strict";
import { test } from "node:test";
import { events } from "../../../src/cli/get/events.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** All that is told until the stream ends. */
async function told(stream: ReadableStream<Uint8Array>, silentMs: number): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const { event, data } of events(new Response(stream), silentMs)) all.push([event, data]);
  return all;
}

test("events are read from chunks that end anywhere, without comments", async () => {
  const chunks = [
    "retry: 1000\n\neve",
    'nt: graph\ndata: {"a":1}\n',
    "\n: comment\n\n",
    "data: 2\n\ndata: cut",
  ];
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(bytes(chunk));
      controller.close();
    },
  });
  assert.deepEqual(await told(stream, 60_000), [
    ["graph", { a: 1 }],
    ["message", 2],
  ]);
});

test("a stream that goes silent is over, and is let go", async () => {
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(bytes("data: 1\n\n")),
    cancel() {
      cancelled = true;
    },
  });
  assert.deepEqual(await told(stream, 20), [["message", 1]]);
  assert.equal(cancelled, true);
});

test("a stream that breaks is over", async () => {
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes("data: 1\n\n"));
    },
    pull: (controller) => controller.error(new Error("cut")),
  });
  assert.deepEqual(await told(stream, 60_000), [["message", 1]]);
});
