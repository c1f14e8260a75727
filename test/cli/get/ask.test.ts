import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { Fault } from "../../../src/cli/fault.ts";
import { askRegistry, openStream } from "../../../src/cli/get/ask.ts";

async function registry(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const isSilence = (error: unknown): true => {
  assert.ok(error instanceof Fault);
  assert.match(error.message, /^the registry at \S+ has not answered within 0\.05 s$/);
  assert.match(error.cure, /weft check/);
  return true;
};

test("a registry that hangs is told of in time, whether it has begun to answer or not", async (t) => {
  const silent = await registry(t, () => {});
  await assert.rejects(askRegistry(silent, "/v1/graph", 50), isSilence);
  await assert.rejects(openStream(silent, "/v1/watch", 50), isSilence);
  const halting = await registry(t, (_, response) => void response.writeHead(200).write('{"nodes":'));
  await assert.rejects(askRegistry(halting, "/v1/graph", 50), isSilence);
});

test("a stream that has begun may be silent for as long as it likes", async (t) => {
  const url = await registry(t, (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    setTimeout(() => response.end("data: 1\n\n"), 100);
  });
  assert.equal(await (await openStream(url, "/v1/watch", 50)).text(), "data: 1\n\n");
});
