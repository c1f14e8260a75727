import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { appClient } from "../../../sidecar/http/app-client.ts";
import { wholeBody } from "../../../sidecar/stack/body.ts";
import { Sweep } from "../../../sidecar/stack/sweep.ts";
import { failure, OK, replied, appScene as scene } from "../../support/app-scene.ts";
import { Collected, LiveBody } from "../../support/bodies.ts";
import { aCall } from "../../support/calls.ts";
import { answering, type RawPeer } from "../../support/raw.ts";
import { until } from "../../support/until.ts";

test("what is no HTTP/1.1 answer is app-protocol", async (t) => {
  for (const answer of [
    "nonsense\r\n\r\n",
    "HTTP/2.0 200 OK\r\n\r\n",
    "HTTP/1.1 200 OK\nContent-Length: 0\n\n\r\n\r\n",
    "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
    "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
    `HTTP/1.1 200 OK\r\nA: ${"b".repeat(70_000)}`,
    `HTTP/1.1 200 OK\r\n${"A: b\r\n".repeat(300)}\r\n`,
  ]) {
    const { app, ask } = await scene(t, (peer) => {
      peer.socket.once("data", () => peer.send(answer));
    });
    assert.equal(failure(await ask()), "app-protocol unknown", answer.slice(0, 80));
    await until(() => app.peers[0]!.closed || app.peers[0]!.ended);
  }
});

test("an answer that breaks off, or turns malformed, fails its body", async (t) => {
  for (const [answer, code] of [
    ["HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\nhe", "app-reset"],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n", "app-reset"],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n!", "app-protocol"],
  ] as const) {
    const { app, ask } = await scene(t, (peer) => {
      peer.socket.once("data", () => peer.send(answer.replace("!", "")));
    });
    const { body } = replied(await ask());
    const read = new Collected();
    body.read(read);
    if (answer.endsWith("!")) app.peers[0]!.send("!");
    else app.peers[0]!.socket.end();
    await until(() => read.failed !== undefined);
    assert.equal(read.failed, code);
  }
});

test("a reset is not the end of an answer without a length", async (t) => {
  const { app, ask } = await scene(t, answering("HTTP/1.1 200 OK\r\n\r\nhe"));
  const { body } = replied(await ask());
  const read = new Collected();
  body.read(read);
  app.peers[0]!.socket.resetAndDestroy();
  await until(() => read.failed === "app-reset");
});

test("an app that does not accept was not asked; one that leaves may have been", async (t) => {
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, "127.0.0.1", resolve));
  const { port } = gone.address() as { port: number };
  await new Promise((resolve) => gone.close(resolve));
  const body = new LiveBody("a", "until-end");
  const unreachable = await appClient({ host: "127.0.0.1", port }).service(aCall({ method: "POST", body }));
  assert.equal(failure(unreachable), "app-unreachable no");
  assert.equal(body.sink, undefined, "the body is still whole for another attempt");
  assert.match((unreachable as { message: string }).message, /ECONNREFUSED/);
  const { ask } = await scene(t, (peer) => void peer.socket.once("data", () => peer.socket.destroy()));
  assert.equal(failure(await ask()), "app-reset unknown");
});

test("a connect that takes too long is given up", async (t) => {
  let now = 0;
  const sweep = new Sweep(() => now);
  // A full backlog would be the real thing; that the clock is over before the handshake shows the same.
  const { ask } = await scene(t, undefined, { sweep, connectTimeoutMs: 100 });
  const outcome = ask();
  now = 101;
  sweep.tick();
  assert.equal(failure(await outcome), "app-unreachable no");
});

test("a kept connection that dies unanswered is replaced once, when asking again is harmless", async (t) => {
  const once = (peer: RawPeer) => {
    peer.socket.once("data", () => {
      peer.send(OK);
      peer.socket.once("data", () => peer.socket.destroy());
    });
  };
  const { app, ask, client } = await scene(t, once);
  replied(await ask());
  replied(await ask({ method: "PUT", headers: "Content-Length: 1\r\n", body: wholeBody(Buffer.from("x")) }));
  assert.equal(app.peers.length, 2);
  assert.equal(client.askedAgain, 1);
  assert.equal(failure(await ask({ method: "POST" })), "app-reset unknown", "POST is not harmless");
  replied(await ask());
  const begun = new LiveBody("", "until-end");
  assert.equal(
    failure(await ask({ method: "PUT", headers: "", body: begun })),
    "app-reset unknown",
    "its body has left",
  );
  assert.equal(begun.abandoned, "app-reset");
  assert.equal(client.askedAgain, 1);
});

test("the body of an answer is never read as the answer to a call that waited for the connection", async (t) => {
  const forged = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";
  let count = 0;
  const answers = (peer: RawPeer) =>
    void peer.socket.on("data", () => {
      const body = count++ === 0 ? forged : `answer ${count}`;
      peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    });
  const { app, ask } = await scene(t, answers, { maxConnections: 1 });
  const outcomes = await Promise.all([ask(), ask(), ask({ method: "POST" })]);
  assert.deepEqual(
    outcomes.map((outcome) => replied(outcome).body.first.toString()),
    [forged, "answer 2", "answer 3"],
  );
  assert.equal(app.peers.length, 1);
});

test("what cannot be asked again goes by no connection that rested for long, also where there is room for one only", async (t) => {
  let now = 0;
  const sweep = new Sweep(() => now);
  const answers = (peer: RawPeer) => void peer.socket.on("data", () => peer.send(OK));
  const { app, ask } = await scene(t, answers, { sweep, maxConnections: 1 });
  const post = { method: "POST" };
  replied(await ask(post));
  now = 1000;
  replied(await ask(post));
  assert.equal(app.peers.length, 1);
  now = 2500;
  replied(await ask());
  assert.equal(app.peers.length, 1, "a GET can be asked again");
  now = 3501;
  replied(await ask(post));
  assert.equal(app.peers.length, 2);
  await until(() => app.peers[0]!.closed || app.peers[0]!.ended);
});

test("a kept connection that dies is not replaced where its owner does not want it", async (t) => {
  const once = (peer: RawPeer) =>
    void peer.socket.once("data", () => {
      peer.send(OK);
      peer.socket.once("data", () => peer.socket.destroy());
    });
  const { ask, client } = await scene(t, once, { mayAskAgain: () => false });
  replied(await ask());
  assert.equal(failure(await ask()), "app-reset unknown");
  assert.equal(client.askedAgain, 0);
});

test("an app that has begun to fail all calls sees none of them a third time, and none twice but by a kept connection", async (t) => {
  let requests = 0;
  const { ask, client } = await scene(t, (peer) => {
    peer.socket.on("data", () => {
      requests++;
      if (requests === 1) peer.send(OK);
      else peer.socket.destroy();
    });
  });
  replied(await ask());
  for (let i = 0; i < 5; i++) assert.equal(failure(await ask()), "app-reset unknown");
  assert.deepEqual([requests, client.askedAgain], [1 + 2 + 4, 1]);
});

test("a new connection that dies unanswered is not replaced", async (t) => {
  const { app, ask } = await scene(t, (peer) => void peer.socket.once("data", () => peer.socket.destroy()));
  assert.equal(failure(await ask()), "app-reset unknown");
  assert.equal(app.peers.length, 1);
});

test("a connection that died at rest is not used", async (t) => {
  const { app, ask } = await scene(t, answering(OK));
  await ask();
  app.peers[0]!.socket.end();
  await until(() => app.peers[0]!.ended, { what: "our side to close too" });
  replied(await ask({ method: "POST" }));
  assert.equal(app.peers.length, 2);
});

test("cancelling closes the connection at once, whatever the call waits for", async (t) => {
  const { app, client } = await scene(t);
  const head = aCall();
  const outcome = client.service(head);
  await until(() => app.peers[0]?.received.endsWith("\r\n\r\n"));
  head.cancel("deadline");
  assert.equal(failure(await outcome), "deadline unknown");
  await until(() => app.peers[0]!.closed || app.peers[0]!.ended);

  const streaming = aCall({ method: "POST", headers: "", body: new LiveBody("a") });
  const second = client.service(streaming);
  await until(() => app.peers[1]?.received.endsWith("a\r\n"));
  app.peers[1]!.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nb\r\n");
  const answer = replied(await second);
  const read = new Collected();
  answer.body.read(read);
  streaming.cancel("cancelled");
  assert.equal(read.failed, "cancelled");
  assert.equal((streaming.head.body as LiveBody).abandoned, "cancelled");
  await until(() => app.peers[1]!.closed || app.peers[1]!.ended);

  const early = aCall();
  const third = client.service(early);
  early.cancel("cancelled");
  assert.equal(failure(await third), "cancelled no");
  assert.equal(failure(await client.service(early)), "cancelled no");
  assert.equal(client.busy, 0);
});

test("a reader that wants no more of an answer closes the connection", async (t) => {
  const { app, client, ask } = await scene(
    t,
    answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nb\r\n"),
  );
  const { body } = replied(await ask());
  body.abandon("cancelled");
  await until(() => app.peers[0]!.closed || app.peers[0]!.ended);
  assert.equal(client.busy, 0);
});

test("an answer before the end of the request stops the request, and the connection is not used again", async (t) => {
  const { app, ask } = await scene(t, answering("HTTP/1.1 413 Too Big\r\nContent-Length: 0\r\n\r\n"));
  const body = new LiveBody("abc", "length");
  const answer = replied(await ask({ method: "POST", headers: "Content-Length: 100000\r\n", body }));
  assert.equal(answer.status, 413);
  assert.equal(body.abandoned, "cancelled");
  await until(() => app.peers[0]!.closed || app.peers[0]!.ended);
});

test("an answer's body that stands still for the idle time is given up", async (t) => {
  let now = 0;
  const sweep = new Sweep(() => now);
  const { ask } = await scene(
    t,
    answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nb\r\n"),
    {
      sweep,
      idleTimeoutMs: 5000,
    },
  );
  const { body } = replied(await ask());
  const read = new Collected();
  body.read(read);
  now = 5001;
  sweep.tick();
  assert.equal(read.failed, "idle");
});
