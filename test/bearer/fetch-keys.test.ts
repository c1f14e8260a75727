import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { fetchKeys } from "../../src/bearer/fetch-keys.ts";

async function issuer(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json?a=b`;
}

test("a key set is fetched with one plain GET", async (t) => {
  const seen: string[] = [];
  const uri = await issuer(t, ({ method, url }, response) => {
    seen.push(`${method} ${url}`);
    response.end('{"keys":[1]}');
  });
  assert.deepEqual(await fetchKeys(uri), { keys: [1] });
  assert.deepEqual(seen, ["GET /jwks.json?a=b"]);
});

for (const [what, answer, message] of [
  [
    "a redirect",
    (_, response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
    /with 302$/,
  ],
  ["an error", (_, response) => response.writeHead(500).end("secret"), /jwks\.json answered with 500$/],
  ["no JSON", (_, response) => response.end("<html>secret</html>"), /did not answer with JSON$/],
  ["too much", (_, response) => response.end("x".repeat(300_000)), /sent more than 256 KiB$/],
  ["nothing", () => {}, /did not answer within 0\.05 s$/],
  [
    "half of it",
    (_, response) => response.writeHead(200, { "content-length": 99 }).write("{"),
    /within 0\.05 s$/,
  ],
  ["a cut", (request) => request.socket.destroy(), /cannot be reached \(ECONNRESET\)$/],
] as const satisfies [string, RequestListener, RegExp][])
  test(`an issuer that answers with ${what} is told as such, without what it said`, async (t) => {
    const uri = await issuer(t, answer);
    await assert.rejects(
      fetchKeys(uri, what === "nothing" || what === "half of it" ? 50 : 5000),
      (error: Error) => {
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /secret|a=b/);
        return true;
      },
    );
  });

test("an issuer that is not there is told as such", async () => {
  await assert.rejects(
    fetchKeys("https://127.0.0.1:1/jwks"),
    /127\.0\.0\.1:1\/jwks cannot be reached \(ECONNREFUSED\)/,
  );
});
