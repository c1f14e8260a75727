import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { AppClientOptions } from "../../../sidecar/http/app-client.ts";
import { proxyTo } from "../../support/proxy.ts";
import { answering, type RawPeer, rawApp, rawClient } from "../../support/raw.ts";
import { until } from "../../support/until.ts";

/** The app's code, the server and the client between, and a client of them: each end is in the test's hands. */
async function scene(
  t: TestContext,
  onConnection?: (peer: RawPeer) => void,
  options: Partial<AppClientOptions> = {},
) {
  const app = await rawApp(t, onConnection);
  const proxy = proxyTo({ host: app.host, port: app.port, ...options } as AppClientOptions);
  await proxy.server.listen("127.0.0.1", 0);
  t.after(async () => {
    proxy.client.close();
    await proxy.server.close(0);
  });
  return { app, ...proxy, client: await rawClient(t, proxy.server.address.port) };
}

test("a request passes as it was written: case, order, repeats and blanks", async (t) => {
  const { app, client } = await scene(t);
  const lines =
    "hOsT: Orders.Mesh\r\nAccept:*/*\r\nX-Custom:  two  blanks \r\nx-custom: \tagain\r\nCookie: a=b; c=\xe4\r\nX-CUSTOM:\r\nContent-LENGTH: 2\r\n";
  client.send(
    `REPORT /a//b/../c?d=%zz&e HTTP/1.1\r\n${lines.replace("Cookie", "Connection: keep-alive\r\nCookie")}\r\nhi`,
  );
  await until(() => app.peers[0]?.received.endsWith("hi"));
  assert.equal(app.peers[0]!.received, `REPORT /a//b/../c?d=%zz&e HTTP/1.1\r\n${lines}\r\nhi`);
});

test("an answer passes as it was written: case, order, repeats, blanks and reason", async (t) => {
  const lines =
    "sErVeR: x\r\nSet-Cookie: a=b\r\nX-A:1\r\nset-cookie: c=d\r\nSET-COOKIE:  e=\xe4 \r\nVary:\r\nContent-length: 2\r\n";
  const answer = `HTTP/1.1 299 A reason, of\tits own \xe4\r\n${lines}`;
  const { client } = await scene(
    t,
    answering(`${answer}Keep-Alive: timeout=5\r\nConnection: keep-alive\r\n\r\nhi`),
  );
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.sees("hi");
  assert.equal(client.received, `${answer}\r\nhi`);
});

test("interim answers, trailers and chunks pass both ways", async (t) => {
  const { app, client } = await scene(t);
  client.send(
    "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n",
  );
  await until(() => app.peers[0]?.received.endsWith("\r\n\r\n"));
  assert.match(
    app.peers[0]!.received,
    /Expect: 100-continue\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n$/,
  );
  app.peers[0]!.send("HTTP/1.1 100 Continue\r\n\r\n");
  await client.sees("HTTP/1.1 100 Continue\r\n\r\n");
  client.send("3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n");
  await until(() => app.peers[0]!.received.endsWith("3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n"));
  app.peers[0]!.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
  await client.sees("1\r\na\r\n");
  app.peers[0]!.send("0\r\nx-sum: 2\r\n\r\n");
  await client.sees("0\r\nx-sum: 2\r\n\r\n");
});

test("events arrive one by one", async (t) => {
  const { app, client } = await scene(
    t,
    answering("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"),
  );
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await client.sees("Transfer-Encoding: chunked\r\n\r\n");
  for (const event of ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"]) {
    app.peers[0]!.send(event);
    await client.sees(`9\r\n${event}\r\n`);
  }
  app.peers[0]!.socket.end();
  await client.sees("0\r\n\r\n");
});

test("a client that leaves closes the app's connection at once, and an app that leaves cuts the client's", async (t) => {
  const { app, client, server } = await scene(t);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => app.peers[0]?.received.endsWith("\r\n\r\n"));
  client.socket.destroy();
  await until(() => app.peers[0]!.ended || app.peers[0]!.closed);
  const second = await rawClient(t, server.address.port);
  second.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => app.peers[1]?.received.endsWith("\r\n\r\n"));
  app.peers[1]!.send("HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\nab");
  await second.sees("ab");
  app.peers[1]!.socket.destroy();
  await until(() => second.ended || second.closed);
});

const UPGRADE =
  "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n";
const SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

test("an upgrade becomes a tunnel, half-closed when one side has said all", async (t) => {
  for (const [first, second] of [
    ["app", "client"],
    ["client", "app"],
  ]) {
    const { app, client, server, calls } = await scene(t);
    client.send(`${UPGRADE}early `);
    await until(() => app.peers[0]?.received.endsWith("\r\n\r\n"));
    const sides = { app: app.peers[0]!, client } as Record<string, RawPeer>;
    assert.equal(
      sides.app!.received,
      "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    );
    sides.app!.send(`${SWITCHED}hello `);
    await client.sees(`${SWITCHED}hello `);
    await sides.app!.sees("early ");
    sides[first!]!.send("last words");
    sides[first!]!.socket.end();
    await sides[second!]!.sees("last words");
    await until(() => sides[second!]!.ended);
    sides[second!]!.send("answer");
    sides[second!]!.socket.end();
    await sides[first!]!.sees("answer");
    await until(() => server.connections === 0 && sides.app!.closed && sides.client!.closed);
    assert.equal(calls[0]!.cancelled, undefined, "nobody left early");
  }
});

test("a tunnel ends for both when one side is cut", async (t) => {
  for (const side of ["app", "client"] as const) {
    const { app, client } = await scene(
      t,
      (peer) => void peer.socket.once("data", () => peer.send(SWITCHED)),
    );
    client.send(UPGRADE);
    await client.sees(SWITCHED);
    const [cut, other] = side === "app" ? [app.peers[0]!, client] : [client, app.peers[0]!];
    cut.socket.resetAndDestroy();
    await until(() => other.ended || other.closed);
  }
});

test("an app that does not switch answers as usual, and the connections go on", async (t) => {
  const { app, client } = await scene(
    t,
    answering("HTTP/1.1 426 Upgrade Required\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n"),
  );
  client.send(`${UPGRADE}${UPGRADE}`);
  await until(() => client.received.split("426").length === 3);
  assert.equal(app.peers.length, 1);
  assert.doesNotMatch(client.received, /pgrade:/);
});

test("a reader that stops stops the writer, both ways, and all bytes arrive in the end", async (t) => {
  const CHUNK = Buffer.alloc(64 * 1024, "x");
  const TOTAL = 400;
  /** Writes until the peer takes no more for a while; gives back how many chunks left. */
  async function push(peer: RawPeer, frame: (chunk: Buffer) => Buffer): Promise<number> {
    let written = 0;
    while (written < TOTAL) {
      written++;
      if (peer.socket.write(frame(CHUNK))) continue;
      const drained = await Promise.race([
        new Promise((resolve) => peer.socket.once("drain", () => resolve(true))),
        new Promise((resolve) => setTimeout(resolve, 150)),
      ]);
      if (drained !== true) return written;
    }
    return written;
  }
  const { app, client } = await scene(t, (peer) => peer.socket.pause());
  client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${TOTAL * CHUNK.length}\r\n\r\n`);
  const uploaded = await push(client, (chunk) => chunk);
  assert.ok(uploaded < TOTAL / 2, `${uploaded} of ${TOTAL} chunks left although nobody read them`);
  for (let i = uploaded; i < TOTAL; i++) client.socket.write(CHUNK);
  let received = 0;
  const peer = app.peers[0]!;
  peer.socket.removeAllListeners("data");
  peer.socket.on("data", (bytes) => {
    received += bytes.length;
  });
  peer.socket.resume();
  await until(() => received >= TOTAL * CHUNK.length);

  client.socket.pause();
  peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${TOTAL * CHUNK.length}\r\n\r\n`);
  const downloaded = await push(peer, (chunk) => chunk);
  assert.ok(downloaded < TOTAL / 2, `${downloaded} of ${TOTAL} chunks left although nobody read them`);
  for (let i = downloaded; i < TOTAL; i++) peer.socket.write(CHUNK);
  received = 0;
  client.socket.removeAllListeners("data");
  client.socket.on("data", (bytes) => {
    received += bytes.length;
  });
  client.socket.resume();
  await until(() => received >= TOTAL * CHUNK.length);
});

test("bodies of any size and framing pass unchanged", async (t) => {
  const { app, client } = await scene(t);
  let sent = 0;
  for (const size of [0, 1, 4095, 4096, 4097, 70_000, 140_000, 300_000])
    for (const chunked of [false, true]) {
      const body = Array.from({ length: size }, (_, i) => String.fromCharCode((i * 7 + sent) % 256)).join("");
      const framed = chunked
        ? `Transfer-Encoding: chunked\r\n\r\n${size > 0 ? `${size.toString(16)}\r\n${body}\r\n` : ""}0\r\n\r\n`
        : `Content-Length: ${size}\r\n\r\n${body}`;
      client.received = "";
      const peerBefore = app.peers[0]?.received.length ?? 0;
      client.send(`POST /${sent++} HTTP/1.1\r\nHost: a\r\n${framed}`);
      const unframed = (text: string) => {
        const at = text.indexOf("\r\n\r\n") + 4;
        if (at < 4) return undefined;
        if (!chunked) return text.slice(at);
        let out = "";
        for (let p = at; p < text.length; ) {
          const end = text.indexOf("\r\n", p);
          const length = Number.parseInt(text.slice(p, end), 16);
          if (length === 0) return out;
          out += text.slice(end + 2, end + 2 + length);
          p = end + 2 + length + 2;
        }
        return undefined;
      };
      await until(() => (app.peers[0]?.received.length ?? 0) > peerBefore);
      const peer = app.peers[0]!;
      await until(() => unframed(peer.received.slice(peerBefore)) === body, {
        what: `${size} bytes at the app`,
      });
      peer.send(`HTTP/1.1 200 OK\r\n${framed}`);
      await until(() => unframed(client.received) === body, { what: `${size} bytes at the client` });
    }
  assert.equal(app.peers.length, 1);
});
