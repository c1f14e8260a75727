import assert from "node:assert/strict";
import { createServer, type IncomingMessage, METHODS, request as nodeRequest } from "node:http";
import type { Socket } from "node:net";
import { test } from "node:test";
import { AnswerIntake } from "../../../sidecar/http/answer-intake.ts";
import { HEAD_LIMITS } from "../../../sidecar/http/request-head.ts";
import { RequestIntake } from "../../../sidecar/http/request-intake.ts";
import type { Body } from "../../../sidecar/stack/body.ts";
import { mutate, randomOf } from "../../support/mutate.ts";
import { Said } from "../../support/said.ts";

/**
 * What this parser takes, node:http's (llhttp) must take in the same way: the same messages, with the same method,
 * target, status, fields and body. It may well refuse more. The mutations are seeded, so that a failure repeats.
 */
interface Message {
  readonly line: string;
  readonly fields: string[];
  body: string;
  /** It was taken to its end; for ours, false when it turned out malformed. */
  whole?: boolean;
}

/** What node:http does not read though RFC 9110 §5.5 allows it: a tab around the value of Connection. */
const HARMLESS = /^connection:[^\r\n]*\t/im;

/** What is to be compared: all that we took, or, where node:http may have refused, what it took to its end too. */
const inBoth = (theirs: readonly Message[], ours: readonly Message[], mayRefuse: boolean) => {
  const taken = mayRefuse ? theirs.filter(({ whole }) => whole) : theirs;
  const count = mayRefuse ? Math.min(taken.length, ours.length) : ours.length;
  const plain = (messages: readonly Message[]) =>
    messages.slice(0, count).map(({ line, fields, body }) => ({ line, fields, body }));
  return [plain(taken), plain(ours)] as const;
};

const SEED = Number(process.env.WEFT_FUZZ_SEED ?? 20261122);
const ROUNDS = Number(process.env.WEFT_FUZZ_ROUNDS ?? 2500);

const HOP_BY_HOP =
  /^(?:connection|keep-alive|proxy-connection|proxy-authenticate|proxy-authorization|te|transfer-encoding|upgrade)$/i;

/** Lines of a block as node:http shows them. */
const blockFields = (block: string) =>
  block
    .split("\r\n")
    .slice(0, -1)
    .map(
      (line) =>
        `${line.slice(0, line.indexOf(":"))}: ${line.slice(line.indexOf(":") + 1).replace(/^[ \t]+|[ \t]+$/g, "")}`,
    );

function rawFields(raw: readonly string[]): string[] {
  const pairs = Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i]!, raw[2 * i + 1]!] as const);
  const named = pairs.flatMap(([name, value]) =>
    /^connection$/i.test(name) ? value.toLowerCase().split(/[ \t]*,[ \t]*/) : [],
  );
  return pairs
    .filter(([name]) => !HOP_BY_HOP.test(name) && !named.includes(name.toLowerCase()))
    .map(([name, value]) => `${name}: ${value}`);
}

const fakeSocket = () =>
  ({
    writableNeedDrain: false,
    pause() {},
    resume() {},
    destroy() {},
    isPaused: () => false,
  }) as unknown as Socket;

function collect(body: Body, message: Message): void {
  message.body = body.first.toString("latin1");
  if (!body.complete)
    body.read({
      write: (chunk) => {
        message.body += chunk.toString("latin1");
        return true;
      },
      end() {},
      fail: () => {
        message.whole = false;
      },
    });
}

function inPieces(text: string, random: (below: number) => number, take: (bytes: Buffer) => void): void {
  const bytes = Buffer.from(text, "latin1");
  const pieceBytes = random(3) === 0 ? 1 + random(20) : bytes.length;
  for (let at = 0; at < bytes.length; at += pieceBytes) take(bytes.subarray(at, at + pieceBytes));
}

function ourRequests(text: string, random: (below: number) => number): Message[] {
  const messages: Message[] = [];
  let closed = false;
  const intake: RequestIntake = new RequestIntake(
    fakeSocket(),
    {
      onRequest(head, body) {
        const message = {
          line: `${head.method} ${head.target} 1.${head.minorVersion}`,
          fields: blockFields(head.headers),
          body: "",
        };
        // RFC 9112 §3.2.2 has us replace Host by an absolute target's.
        if (!head.target.startsWith("/"))
          message.fields = message.fields.map((line) => line.replace(/^host: .*/i, "")).filter(Boolean);
        messages.push(message);
        collect(body, message);
        if (!head.keepAlive) closed = true;
        if (intake.unfinished) return;
        if (closed) intake.close();
        else intake.next();
      },
      onProblem() {
        intake.close();
      },
      wakeIn() {},
    },
    HEAD_LIMITS,
    1000,
  );
  inPieces(text, random, (bytes) => intake.take(bytes));
  // One that is not whole is handed on in the next turn of the loop, and does not count.
  return messages.filter(({ whole }) => whole !== false);
}

const turns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
};

function collectNode(message: Message, incoming: IncomingMessage): void {
  incoming.on("error", () => {});
  incoming.on("data", (chunk: Buffer) => {
    message.body += chunk.toString("latin1");
  });
  incoming.on("end", () => {
    message.whole = incoming.complete;
  });
}

const REQUESTS = [
  "GET /a?b=c HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-a:2 \r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a:80\r\nContent-Length: 5\r\n\r\nhello",
  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: x\r\n\r\n5;a=b\r\nhello\r\n0A\r\n0123456789\r\n0\r\nx: y\r\n\r\n",
  "PUT /x HTTP/1.1\r\nhost: a\r\nConnection: keep-alive, x-a\r\nX-A: gone\r\nExpect: 100-continue\r\ncontent-length: 3\r\n\r\nabc",
  "HEAD / HTTP/1.0\r\nConnection: keep-alive\r\nHost:\r\n\r\n",
  "OPTIONS * HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n",
  "GET http://b/c HTTP/1.1\r\nHost: a\r\n\r\n",
];
const MARKER = "GET /marker HTTP/1.1\r\nHost: m\r\n\r\n";

test("a request that is taken is the one that node:http takes", async () => {
  const random = randomOf(SEED);
  let messages: Message[] = [];
  const server = createServer({ maxHeaderSize: 64 * 1024 });
  const onRequest = (incoming: IncomingMessage, response: { end(): void }) => {
    const message = {
      line: `${incoming.method} ${incoming.url} ${incoming.httpVersion}`,
      fields: rawFields(incoming.rawHeaders),
      body: "",
    };
    if (!incoming.url!.startsWith("/"))
      message.fields = message.fields.map((line) => line.replace(/^host: .*/i, "")).filter(Boolean);
    messages.push(message);
    collectNode(message, incoming);
    response.end();
  };
  server.on("request", onRequest).on("checkContinue", onRequest).on("checkExpectation", onRequest);
  server.on("clientError", (_error, socket) => socket.destroy());
  let taken = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const pick = () => REQUESTS[random(REQUESTS.length)]!;
    const text =
      (round < REQUESTS.length
        ? REQUESTS[round]!
        : mutate(random(3) === 0 ? pick() + pick() : pick(), random)) + MARKER;
    const ours = ourRequests(text, random);
    taken += ours.length;
    // llhttp has a list of methods; we take any token.
    if (ours.length === 0 || !ours.every(({ line }) => METHODS.includes(line.split(" ")[0]!))) continue;
    messages = [];
    const connection = new Said(text);
    server.emit("connection", connection);
    await turns(4);
    connection.destroy();
    assert.deepEqual(
      ...inBoth(messages, ours, HARMLESS.test(text)),
      `seed ${SEED}, round ${round}: ${JSON.stringify(text)}`,
    );
  }
  assert.ok(
    taken > ROUNDS / 4,
    `only ${taken} requests of ${ROUNDS} rounds were taken: the mutations are too wild`,
  );
});

const ANSWERS = [
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\nx-a:2 \r\n\r\nhello",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0A\r\n0123456789\r\n0\r\nx: y\r\n\r\n",
  "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n",
  "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno",
  "HTTP/1.0 200 OK\r\n\r\nuntil the end",
  "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
];

function ourAnswer(text: string, random: (below: number) => number): Message | undefined {
  let message: Message | undefined;
  let whole = false;
  const intake: AnswerIntake = new AnswerIntake(
    fakeSocket(),
    {
      onInterim() {},
      onAnswer(head, body) {
        message = { line: `${head.status} ${head.reason}`, fields: blockFields(head.headers), body: "" };
        collect(body, message);
      },
      onAnswerEnd() {
        whole = true;
      },
      onSwitch() {
        intake.close("app-protocol");
      },
      onBadAnswer() {
        intake.close("app-protocol");
      },
      onDropped() {},
      wakeIn() {},
    },
    64 * 1024,
    128,
  );
  intake.expect("GET");
  inPieces(text, random, (bytes) => {
    if (!whole) intake.take(bytes, bytes.length);
  });
  intake.eof();
  return whole ? message : undefined;
}

test("an answer that is taken is the one that node:http takes", async () => {
  const random = randomOf(SEED + 1);
  let taken = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const seed = ANSWERS[random(ANSWERS.length)]!;
    const text = round < ANSWERS.length ? ANSWERS[round]! : mutate(seed, random);
    const ours = ourAnswer(text, random);
    if (ours === undefined) continue;
    taken++;
    let theirs: Message | undefined;
    const connection = new Said(text);
    const asking = nodeRequest(
      { createConnection: () => connection as unknown as Socket, maxHeaderSize: 64 * 1024 },
      (incoming) => {
        theirs = {
          line: `${incoming.statusCode} ${incoming.statusMessage}`,
          fields: rawFields(incoming.rawHeaders),
          body: "",
        };
        collectNode(theirs, incoming);
      },
    );
    asking.on("error", () => {});
    asking.end();
    await turns(6);
    assert.deepEqual(
      ...inBoth(theirs === undefined ? [] : [theirs], [ours], HARMLESS.test(text)),
      `seed ${SEED}, round ${round}: ${JSON.stringify(text)}`,
    );
    connection.destroy();
  }
  assert.ok(taken > ROUNDS / 8, `only ${taken} answers of ${ROUNDS} were taken: the mutations are too wild`);
});
