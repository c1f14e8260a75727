import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { appClient } from "../../../sidecar/http/app-client.ts";
import { wholeBody } from "../../../sidecar/stack/body.ts";
import type { Interim } from "../../../sidecar/stack/call.ts";
import { failure, OK, replied, appScene as scene } from "../../support/app-scene.ts";
import { LiveBody, textOf } from "../../support/bodies.ts";
import { aCall } from "../../support/calls.ts";
import { answering } from "../../support/raw.ts";
import { until } from "../../support/until.ts";

test("a request is written byte for byte as the call says", async (t) => {
  const { app, ask } = await scene(t, answering(OK));
  const answer = replied(
    await ask({ method: "PURGE", path: "/a?b", headers: "HOST: x\r\nx-A:1\r\nX-a: 2\r\n" }),
  );
  assert.equal(app.peers[0]!.received, "PURGE /a?b HTTP/1.1\r\nHOST: x\r\nx-A:1\r\nX-a: 2\r\n\r\n");
  assert.deepEqual(
    [answer.status, answer.reason, answer.headers, answer.body.first.toString()],
    [200, "OK", "Content-Length: 2\r\n", "ok"],
  );
  assert.equal(answer.body.complete, true);
});

test("connections are kept, and the one used last is used first", async (t) => {
  const { app, ask, client } = await scene(t, answering(OK));
  await Promise.all([ask(), ask()]);
  assert.equal(app.peers.length, 2);
  await ask();
  await ask();
  assert.equal(app.peers.length, 2);
  assert.equal(client.busy, 0);
  const counts = app.peers.map((peer) => peer.received.split("GET").length - 1).sort();
  assert.deepEqual(counts, [1, 3]);
});

test("a connection is not used again when either side says close, or the answer was followed by more", async (t) => {
  for (const answer of [
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Close\r\n\r\n",
    "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    `${OK}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`,
    `HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nevil`,
  ]) {
    const { app, ask } = await scene(t, answering(answer));
    replied(await ask());
    const second = replied(await ask());
    assert.notEqual(second.body.first.toString(), "evil");
    assert.equal(app.peers.length, 2);
  }
});

test("what comes on a connection at rest closes it", async (t) => {
  const { app, ask } = await scene(t, answering(OK));
  await ask();
  app.peers[0]!.send("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
  await until(() => app.peers[0]!.closed || app.peers[0]!.ended);
  assert.equal(replied(await ask()).status, 200);
});

test("bodies are framed as the call says, whole or as they come", async (t) => {
  const { app, ask } = await scene(t);
  const answerNext = async (peerIndex: number, seen: string) => {
    await until(() => app.peers[peerIndex]?.received.endsWith(seen), { what: seen });
    app.peers[peerIndex]!.send(OK);
  };
  const whole = ask({
    method: "POST",
    headers: "Content-Length: 3\r\n",
    body: wholeBody(Buffer.from("abc")),
  });
  await answerNext(0, "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc");
  replied(await whole);
  const chunked = ask({
    method: "POST",
    headers: "",
    body: wholeBody(Buffer.from("abc"), "until-end", "X-T: 1\r\n"),
  });
  await answerNext(0, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n");
  replied(await chunked);
  const live = new LiveBody("ab", "length");
  const streamed = ask({ method: "POST", headers: "Content-Length: 4\r\n", body: live });
  await until(() => live.sink !== undefined);
  live.sink!.write(Buffer.from("cd"));
  live.sink!.end("");
  await answerNext(0, "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nabcd");
  replied(await streamed);
  assert.equal(app.peers.length, 1);
});

test("a body that does not have its content-length never reaches the app as a second request", async (t) => {
  const { app, ask } = await scene(t);
  const smuggled = "GET /admin HTTP/1.1\r\nHost: a\r\n\r\n";
  const headers = "Content-Length: 2\r\n";
  const whole = await ask({ method: "POST", headers, body: wholeBody(Buffer.from(`ab${smuggled}`)) });
  assert.equal(failure(whole), "broken-stream no");
  const hidden = await ask({ headers: "Content-Length: 20\r\n" });
  assert.equal(failure(hidden), "broken-stream no");
  const live = new LiveBody("ab", "length");
  const streamed = ask({ method: "POST", headers, body: live });
  await until(() => live.sink !== undefined);
  live.sink!.write(Buffer.from(smuggled));
  assert.equal(failure(await streamed), "broken-stream unknown");
  const short = new LiveBody("a", "length");
  const truncated = ask({ method: "POST", headers, body: short });
  await until(() => short.sink !== undefined);
  short.sink!.end("");
  assert.equal(failure(await truncated), "broken-stream unknown");
  await until(() => app.peers.every((peer) => peer.ended || peer.closed));
  for (const peer of app.peers) assert.doesNotMatch(peer.received, /admin/);
});

test("answers are read however they are framed and however they arrive", async (t) => {
  const answers: readonly (readonly [string, string, string])[] = [
    ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", "length"],
    [
      "HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x\r\nllo\r\n0\r\nX: y\r\n\r\n",
      "hello",
      "until-end",
    ],
    ["HTTP/1.0 200 OK\r\n\r\nhello", "hello", "until-end"],
    ["HTTP/1.1 404 \r\nA: b\r\n\r\nhello", "hello", "until-end"],
    ["HTTP/1.1 204 No Content\r\n\r\n", "", "none"],
  ];
  for (const [answer, text, framing] of answers)
    for (const bytewise of [false, true]) {
      const { ask } = await scene(t, (peer) => {
        peer.socket.once("data", async () => {
          if (!bytewise) peer.send(answer);
          else
            for (const byte of answer) {
              peer.send(byte);
              await new Promise(setImmediate);
            }
          peer.socket.end();
        });
      });
      const { body } = replied(await ask());
      assert.equal(await textOf(body), text);
      assert.equal(body.framing, framing);
    }
});

test("interim answers are passed on in order, and HEAD's answer has no body", async (t) => {
  const interims: Interim[] = [];
  const { client } = await scene(
    t,
    answering(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
    ),
  );
  for (let i = 0; i < 2; i++) {
    const call = aCall({ method: "HEAD" });
    call.onInterim = (interim) => interims.push(interim);
    const answer = replied(await client.service(call));
    assert.deepEqual(
      [answer.headers, answer.body.framing, answer.body.complete],
      ["Content-Length: 9\r\n", "none", true],
    );
  }
  assert.deepEqual(
    interims.map(({ status, headers }) => `${status} ${headers}`),
    ["100 ", "103 Link: a\r\n", "100 ", "103 Link: a\r\n"],
  );
});

test("an app does not speak as the mesh: its weft- fields go no further, those of interim answers neither", async (t) => {
  const fields = "Weft-Error: x\r\nLink: a\r\nweft-caller: y\r\n";
  const { client } = await scene(
    t,
    answering(
      `HTTP/1.1 103 Early Hints\r\n${fields}\r\nHTTP/1.1 200 OK\r\n${fields}Content-Length: 0\r\n\r\n`,
    ),
  );
  const interims: Interim[] = [];
  const call = aCall();
  call.onInterim = (interim) => interims.push(interim);
  assert.equal(replied(await client.service(call)).headers, "Link: a\r\nContent-Length: 0\r\n");
  assert.deepEqual(interims, [{ status: 103, reason: "Early Hints", headers: "Link: a\r\n" }]);
});

test("calls over the limit of connections wait for one, in their order, up to a limit", async (t) => {
  const { app, client } = await scene(t, undefined, { maxConnections: 1, maxWaiting: 2 });
  const calls = ["/1", "/2", "/3", "/4"].map((path) => aCall({ path, method: "POST" }));
  const outcomes = calls.map((call) => client.service(call));
  assert.equal((await outcomes[3]!).kind, "refused");
  assert.equal(client.busy, 3);
  calls[1]!.cancel("cancelled");
  assert.equal(failure(await outcomes[1]!), "cancelled no");
  await until(() => app.peers[0]?.received.includes("/1"));
  app.peers[0]!.send(OK);
  replied(await outcomes[0]!);
  await until(() => app.peers[0]!.received.includes("/3"));
  app.peers[0]!.socket.destroy();
  const fifth = client.service(aCall({ path: "/5", method: "POST" }));
  assert.equal(failure(await outcomes[2]!), "app-reset unknown");
  await until(() => app.peers.at(-1)!.received.includes("/5"));
  app.peers.at(-1)!.send(OK);
  replied(await fifth);
});

test("a unix socket does as well", async (t) => {
  const { mkdtemp, rm } = await import("node:fs/promises");
  const { tmpdir } = await import("node:os");
  const { join } = await import("node:path");
  const folder = await mkdtemp(join(tmpdir(), "weft-"));
  const path = join(folder, "app");
  const app = createServer((socket) => void socket.once("data", () => socket.end(OK)));
  await new Promise<void>((resolve) => app.listen(path, resolve));
  t.after(async () => {
    app.close();
    await rm(folder, { recursive: true });
  });
  assert.equal(replied(await appClient({ path }).service(aCall())).status, 200);
});
