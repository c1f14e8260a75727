import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { MemoryBroker } from "../../../src/bus/memory-bus.ts";
import { Catalog } from "../../../src/registry/catalog.ts";
import { Drops } from "../../../src/registry/drops.ts";
import { serveHttp } from "../../../src/registry/http/server.ts";
import { Watchers } from "../../../src/registry/http/watch.ts";
import { Registry } from "../../../src/registry/registry.ts";
import { Keeper } from "../../../src/registry/store/keeper.ts";
import { MemoryStore } from "../../../src/registry/store/memory-store.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { silentLog } from "../beats.ts";

interface Answer {
  readonly status: number;
  readonly head: string;
  readonly error: { readonly code: string; readonly message: string };
}

/** What the API answers to these very bytes. */
async function setUp(t: TestContext): Promise<(request: string) => Promise<Answer>> {
  const clock = new FakeClock();
  const catalog = new Catalog(clock);
  const drops = new Drops(silentLog, () => clock.now());
  const bus = new MemoryBroker().connect();
  const registry = new Registry({ bus, catalog, clock, drops });
  const keeper = new Keeper(catalog, new MemoryStore(), clock, silentLog);
  const watchers = new Watchers(catalog, clock, drops);
  const deps = { bus, catalog, registry, keeper, drops, watchers };
  const { url, close } = await serveHttp({ port: 0 }, deps, silentLog);
  t.after(close);
  return async (request) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    await once(socket, "connect");
    socket.write(request);
    const [head = "", body = ""] = (await text(socket)).split("\r\n\r\n");
    return { status: Number(head.split(" ")[1]), head, error: JSON.parse(body).error };
  };
}

const ask = (line: string, ...fields: string[]): string =>
  [`${line} HTTP/1.1`, "host: localhost", "connection: close", ...fields, "", ""].join("\r\n");

test("a method that a path does not take is answered with those that it takes", async (t) => {
  const send = await setUp(t);
  for (const line of ["POST /v1/services", "DELETE /v1/services/orders?x=1", "OPTIONS /openapi.json"]) {
    const { status, head, error } = await send(ask(line));
    assert.deepEqual([status, error.code], [405, "method-not-allowed"], line);
    assert.match(head, /^allow: GET, HEAD\r?$/im);
    assert.match(error.message, /: send GET, HEAD$/);
  }
  assert.equal((await send(ask("POST /v1/services/a/b"))).error.code, "unknown-route");
});

test("whatever no parser takes leaves in the form of every other error", async (t) => {
  const send = await setUp(t);
  const ODD: readonly (readonly [status: number, message: RegExp, request: string])[] = [
    [400, /^\/% is no URL: write a % as %25/, ask("GET /%")],
    [400, /^\/v1\/services\/%ff is no URL/, ask("GET /v1/services/%ff")],
    [414, /is too long/, ask(`GET /v1/services/${"a".repeat(5000)}`)],
    [400, /^this is no request/, ask("POST /v1/services", "content-length: 1", "transfer-encoding: chunked")],
    [400, /^this is no request/, "nonsense\r\n\r\n"],
    [431, /^the head of the request is too large/, ask("GET /", `x: ${"a".repeat(20_000)}`)],
    [
      400,
      /^the request is wrong at querystring: .*"limit".*: \/openapi\.json says/,
      ask("GET /v1/services?limit=abc"),
    ],
    [400, /at querystring\.state: /, ask("GET /v1/instances?state=odd")],
    [400, /at querystring: .*"servce"/, ask("GET /v1/instances?servce=orders")],
  ];
  for (const [status, message, request] of ODD) {
    const answer = await send(request);
    assert.deepEqual([answer.status, answer.error.code], [status, "bad-request"], request.slice(0, 60));
    assert.match(answer.error.message, message);
    assert.ok(answer.error.message.length < 300);
    assert.match(answer.head, /^content-type: application\/json/im);
  }
});
