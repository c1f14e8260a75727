import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkHeaders,
  checkInterimLine,
  checkRequestLine,
  checkStatusLine,
} from "../../../sidecar/http/check-headers.ts";

test("a block from the bus is passed when it is what a strict parser makes", () => {
  assert.deepEqual(checkHeaders(""), { contentLength: undefined });
  assert.deepEqual(checkHeaders("Host: a\r\nx: \xe4\r\nX:\r\nContent-Length: 12\r\n"), { contentLength: 12 });
});

for (const [name, block] of [
  ["a second head", "A: b\r\n\r\nGET / HTTP/1.1\r\n"],
  ["an empty line", "\r\n"],
  ["no CR LF at the end", "A: b"],
  ["a bare LF", "A: b\nContent-Length: 4\r\n"],
  ["a folded line", "A: b\r\n c\r\n"],
  ["a space before the colon", "A : b\r\n"],
  ["a character above latin1", "A: \u0100\r\n"],
  ["a CR LF in disguise, when cut to a byte", "A: \u010d\u010aB: c\r\n"],
  ["Transfer-Encoding", "Transfer-Encoding: chunked\r\n"],
  ["Connection", "a: b\r\nconnection: close\r\n"],
  ["TE", "TE: trailers\r\n"],
  ["Upgrade", "Upgrade: websocket\r\n"],
  ["two lengths", "Content-Length: 1\r\nContent-Length: 1\r\n"],
  ["a list of lengths", "Content-Length: 1, 1\r\n"],
] as const)
  test(`a block from the bus is refused with ${name}`, () => {
    assert.notEqual(checkHeaders(block).problem, undefined);
  });

test("the answer that switches protocols names the protocol", () => {
  assert.equal(checkHeaders("A: b\r\nUpgrade: websocket\r\n", 101).problem, undefined);
  assert.notEqual(checkHeaders("TE: b\r\nUpgrade: websocket\r\n", 101).problem, undefined);
});

test("request lines and status lines from the bus are checked", () => {
  assert.equal(checkRequestLine("GET", "/a?b"), undefined);
  assert.equal(checkRequestLine("OPTIONS", "*"), undefined);
  for (const [method, path] of [
    ["GET /x HTTP/1.1\r\n", "/"],
    ["", "/"],
    ["CONNECT", "/"],
    ["GET", "*"],
    ["GET", "/ HTTP/1.1\r\nX: y"],
    ["GET", "/\u010a"],
    ["GET", "/#a"],
    ["GET", "http://a/"],
    ["GET", ""],
  ] as const)
    assert.notEqual(checkRequestLine(method, path), undefined, `${method} ${path}`);
  assert.equal(checkStatusLine(200, "OK"), undefined);
  assert.equal(checkStatusLine(101, ""), undefined);
  for (const status of [100, 199, 600, 200.5, Number.NaN])
    assert.notEqual(checkStatusLine(status, ""), undefined);
  assert.notEqual(checkStatusLine(200, "OK\r\nA: b"), undefined);
  assert.equal(checkInterimLine(103, "Early Hints"), undefined);
  for (const status of [101, 200, 99]) assert.notEqual(checkInterimLine(status, ""), undefined);
});
