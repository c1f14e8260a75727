import assert from "node:assert/strict";
import { test } from "node:test";
import { type Body, type Sink, wholeBody } from "../../../sidecar/stack/body.ts";
import type { Replied } from "../../../sidecar/stack/outcome.ts";
import { fieldsWithoutSecrets, shownBody } from "../../../sidecar/tap/without-secrets.ts";
import { answer, tapScene } from "./scene.ts";

/** A body that comes when a test says so. */
function coming(first = "") {
  let sink: Sink | undefined;
  const body: Body = {
    ...{ framing: "until-end", first: Buffer.from(first), complete: false, trailers: "" },
    read: (reader) => {
      sink = reader;
    },
    resume() {},
    abandon() {},
  };
  return { body, write: (text: string) => sink!.write(Buffer.from(text)), end: () => sink!.end("") };
}

const reader = (): Sink & { text: string } => ({
  text: "",
  write(chunk) {
    this.text += chunk;
    return this.text.length < 10;
  },
  end() {
    this.text += "|";
  },
  fail() {},
});

test("both bodies are told, as much of them as was asked for", async (t) => {
  const { order, call, told } = tapScene(t);
  await order({ bodyBytes: 5 });
  const post = { method: "POST", body: wholeBody(Buffer.from("question")) };
  await call(answer({ body: wholeBody(Buffer.from("yes")) }), post);
  const [report] = await told();
  const { request, response } = report!.calls[0]!;
  assert.deepEqual(request.body, { text: "quest", bytes: 8, cut: true });
  assert.deepEqual(response.body, { text: "yes", bytes: 3 });
});

test("a body that streams passes as it was, at its reader's pace, and is told when it has ended", async (t) => {
  const { order, call, told } = tapScene(t);
  await order({ bodyBytes: 4096 });
  const [question, reply] = [coming("ab"), coming()];
  const seen = reader();
  const outcome = (await call(
    answer({ body: reply.body }),
    { method: "POST", body: question.body },
    ({ head }) => head.body.read(seen),
  )) as Replied;
  assert.equal(question.write("cd"), true);
  question.end();
  assert.equal(seen.text, "cd|", "what was there first is read by itself");
  const got = reader();
  outcome.body.read(got);
  assert.deepEqual([reply.write("12345"), reply.write("67890")], [true, false]);
  assert.deepEqual(await told(), []);
  reply.end();
  assert.equal(got.text, "1234567890|");
  const { request, response } = (await told())[0]!.calls[0]!;
  assert.deepEqual(
    [request.body, response.body],
    [
      { text: "abcd", bytes: 4 },
      { text: "1234567890", bytes: 10 },
    ],
  );
});

test("a stream without an end is told after a second, as far as it came", async (t) => {
  const { order, call, told, clock } = tapScene(t);
  await order({ bodyBytes: 4096 });
  const reply = coming("event");
  ((await call(answer({ body: reply.body }))) as Replied).body.read(reader());
  clock.advance(1000);
  const [report] = await told();
  assert.deepEqual(report!.calls[0]!.response.body, { text: "event", bytes: 5, cut: true });
});

test("without --body no body is looked into", async (t) => {
  const { order, call, told } = tapScene(t);
  await order();
  const reply = answer({ body: coming("x").body });
  assert.equal(await call(reply), reply);
  assert.equal((await told())[0]!.calls[0]!.response.body, undefined);
});

const JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbm5hIn0.c2lnbmF0dXJl";

test("secrets in header fields are replaced, whatever they are called; others are as they were", () => {
  const secret = [
    ...["Authorization: Basic abc", "Cookie: a=b", "Set-Cookie: sid=1; Path=/", "Proxy-Authorization: x"],
    ...[
      "X-Api-Key: k",
      "X-Auth-Token: t",
      "x-csrf-token: c",
      "X-Amz-Security-Token: t",
      "X-Goog-Signature: s",
    ],
    ...["x-anything: Bearer abc", `x-user: ${JWT}`, "Authentication-Info: n", "X-Session: s", "apikey: s"],
  ];
  for (const line of secret) {
    const [[name, value]] = fieldsWithoutSecrets(`${line}\r\n`) as [[string, string]];
    assert.deepEqual([name, value], [line.split(":")[0], "[redacted]"], line);
  }
  const block = "Host: orders.mesh\r\nAccept: */*\r\nLocation: https://a/b?code=1&x=2\r\nX-Author: me\r\n";
  assert.deepEqual(fieldsWithoutSecrets(block), [
    ["Host", "orders.mesh"],
    ["Accept", "*/*"],
    ["Location", "https://a/b?[redacted]"],
    ["X-Author", "me"],
  ]);
});

test("a field that is too long is left out whole, so that no half of a token is shown", () => {
  assert.deepEqual(fieldsWithoutSecrets(`a: 1\r\nx-user: ${"eyJ".repeat(10_000)}\r\n`), [["a", "1"]]);
});

test("a body is shown as text where it is text, else in base64; a token in it is replaced", () => {
  const seen = (bytes: Buffer, passed = bytes.length) => ({ bytes, passed, whole: true });
  assert.deepEqual(shownBody(seen(Buffer.from(`{"t":"${JWT}"}`))).text, '{"t":"[redacted]"}');
  assert.deepEqual(shownBody(seen(Buffer.from([0xff, 0xfe]))), { text: "//4=", base64: true, bytes: 2 });
  const cut = Buffer.from("zwölf €").subarray(0, -1);
  assert.deepEqual(shownBody(seen(cut, 10)), { text: "zwölf ", bytes: 10, cut: true });
});
