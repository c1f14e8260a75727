import assert from "node:assert/strict";
import { test } from "node:test";
import { ChunkedDecoder, checkTrailers } from "../../../sidecar/http/chunked.ts";

/** Decodes text in pieces of that size; a problem ends it. */
function decode(text: string, pieceBytes = text.length) {
  const bytes = Buffer.from(text, "latin1");
  const decoder = new ChunkedDecoder();
  let body = "";
  let position = 0;
  for (let at = 0; at < bytes.length && !decoder.done && decoder.problem === undefined; at += pieceBytes) {
    body += decoder.decode(bytes, at, Math.min(at + pieceBytes, bytes.length)).toString("latin1");
    position = decoder.position;
  }
  return { body, position, done: decoder.done, problem: decoder.problem, trailers: decoder.trailers };
}

test("chunks, extensions and trailers are read alike however the bytes arrive", () => {
  const text = '5;a=b;c="d"\r\nhello\r\n00000B\r\n, you there\r\n0;x\r\nX-Sum: 1\r\nx-sum: 2\r\n\r\n';
  for (let pieceBytes = 1; pieceBytes <= text.length; pieceBytes++) {
    const read = decode(text, pieceBytes);
    assert.equal(read.problem, undefined);
    assert.equal(read.body, "hello, you there");
    assert.equal(read.done, true);
    assert.equal(read.trailers, "X-Sum: 1\r\nx-sum: 2\r\n");
  }
});

test("the decoder stops exactly behind the body", () => {
  const text = "1\r\na\r\n0\r\n\r\n";
  assert.equal(decode(`${text}GET / HTTP/1.1\r\n\r\n`).position, text.length);
  assert.equal(decode(`1\r\na\r\n0\r\nA: b\r\n\r\nGET`).position, text.length + 6);
});

for (const [name, text] of [
  ["no size", "\r\n\r\n"],
  ["a size that is not hexadecimal", "g\r\n"],
  ["0x", "0x5\r\nhello\r\n"],
  ["a sign", "+5\r\nhello\r\n"],
  ["a space before the size", " 5\r\nhello\r\n"],
  ["a space behind the size", "5 \r\nhello\r\n"],
  ["an underscore", "1_0\r\n"],
  ["a size that overflows", "10000000000000005\r\nhello\r\n"],
  ["a bare LF behind the size", "5\nhello\r\n"],
  ["a bare CR behind the size", "5\rXhello\r\n"],
  ["a bare LF in an extension", "5;a\nhello\r\n"],
  ["a control in an extension", "5;a\0b\r\nhello\r\n"],
  ["a chunk that is longer than its size", "4\r\nhello\r\n"],
  ["a chunk that ends in LF", "5\r\nhello\n0\r\n\r\n"],
  ["a chunk that ends in CR and something", "5\r\nhello\r0\r\n\r\n"],
  ["a folded trailer", "0\r\nX: a\r\n b\r\n\r\n"],
  ["a trailer with a space before the colon", "0\r\nX : a\r\n\r\n"],
  ["a trailer that ends in LF", "0\r\nX: a\n\r\n"],
  ["a length as a trailer", "0\r\nContent-Length: 5\r\n\r\n"],
  ["a coding as a trailer", "0\r\nX: y\r\ntransfer-encoding: chunked\r\n\r\n"],
  ["a last line of LF only", "0\r\n\n"],
  ["endless extensions", `1;${"a".repeat(17_000)}`],
  ["endless extensions over many chunks", `1;${"a".repeat(900)}\r\nb\r\n`.repeat(20)],
  ["endless trailers", `0\r\n${"X: a\r\n".repeat(3000)}`],
] as const)
  test(`refuses ${name}`, () => {
    assert.notEqual(decode(text).problem, undefined);
    assert.notEqual(decode(text, 1).problem, undefined);
  });

test("trailers that could change what a message means are dropped", () => {
  assert.equal(
    checkTrailers("Host: a\r\nX-Sum: 1\r\nAuthorization: x\r\nWeft-Caller: y\r\nvia: z\r\n"),
    "X-Sum: 1\r\n",
  );
  assert.equal(checkTrailers("bad line\r\n"), undefined);
});

test("what the mesh writes or judges in the head does not come in as a trailer, in no spelling", () => {
  for (const name of [
    ...["Weft_Caller", "weft-error", "X-Request-Id", "x_request_id", "traceparent", "Baggage", "X-Real-IP"],
    ...["X-HTTP-Method-Override", "x_http_method", "X-Method_Override", "X-Original-URL", "x-rewrite-uri"],
    ...["grpc-timeout", "x-envoy-original-path", "X_Forwarded_For", "Proxy"],
  ])
    assert.equal(
      checkTrailers(`A: 1\r\n${name}: x\r\ngrpc-status: 0\r\n`),
      "A: 1\r\ngrpc-status: 0\r\n",
      name,
    );
});
