import assert from "node:assert/strict";
import { test } from "node:test";
import { CODES, type Code, isCode, meaningOf } from "../../src/protocol/code.ts";
import { decode } from "../../src/protocol/decode.ts";
import { parseDuration } from "../../src/protocol/duration.ts";
import {
  encodeAccept,
  encodeCancel,
  encodeCredit,
  encodeData,
  encodeEnd,
  encodeHead,
  encodeOpen,
  encodeRefuse,
} from "../../src/protocol/encode.ts";
import { Flag, Kind } from "../../src/protocol/frame.ts";

const body = Buffer.from([0, 1, 255]);

test("each kind of frame is read as it was written", () => {
  const text = "GET /é HTTP\nA: b\r\n";
  assert.deepEqual(decode(encodeOpen(Flag.last | Flag.body, 3, 15_000, 262_144, text, body)), {
    ...{ kind: Kind.open, flags: 3, attempt: 3, remainingMs: 15_000, window: 262_144, text, body },
  });
  assert.deepEqual(decode(encodeHead(Flag.last, 503, 7, text, body)), {
    ...{ kind: Kind.head, flags: 1, status: 503, sequence: 7, text, body },
  });
  assert.deepEqual(decode(encodeData(0, 9, body)), { kind: Kind.data, flags: 0, sequence: 9, body });
  assert.deepEqual(decode(encodeEnd(10, "A: b\r\n")), { kind: Kind.end, sequence: 10, trailers: "A: b\r\n" });
  assert.deepEqual(decode(encodeAccept(2 ** 40, "o1")), {
    kind: Kind.accept,
    limit: 2 ** 40,
    instance: "o1",
  });
  assert.deepEqual(decode(encodeCredit(5)), { kind: Kind.credit, limit: 5 });
  const said = decode(encodeRefuse(9, "denied", "nein: ü", "o1", "ratelimit: x\r\n"));
  assert.deepEqual(said, {
    ...{ kind: Kind.refuse, instance: "o1", retryAfterMs: 9, code: "denied", message: "nein: ü" },
    headers: "ratelimit: x\r\n",
  });
  assert.deepEqual(decode(encodeCancel("gone", "x", "o1")), {
    ...{ kind: Kind.cancel, code: "gone", message: "x", instance: "o1" },
  });
  assert.deepEqual(decode(encodeCancel("deadline", "zu spät")), {
    instance: "",
    ...{ kind: Kind.cancel, code: "deadline", message: "zu spät" },
  });
  assert.deepEqual(decode(encodeRefuse(0, "draining", "weg: ü", "o1")), {
    ...{
      kind: Kind.refuse,
      instance: "o1",
      retryAfterMs: 0,
      code: "draining",
      message: "weg: ü",
      headers: "",
    },
  });
  assert.deepEqual(decode(encodeRefuse(1500, "draining", "leaving\nsoon")), {
    ...{ instance: "", headers: "" },
    ...{ kind: Kind.refuse, retryAfterMs: 1500, code: "draining", message: "leaving\nsoon" },
  });
});

test("another version of the protocol is told apart from bytes that make no frame", () => {
  assert.deepEqual(decode(Buffer.from([0x21, 0, 0, 0, 0])), { kind: 0, reason: "version" });
  assert.deepEqual(decode(Buffer.from([0x1f, 0, 0, 0])), { kind: 0, reason: "malformed" });
});

test("no bytes make the reader throw or read beyond them", () => {
  const frames = [
    encodeOpen(0, 1, 1, 1, "GET /\n", body),
    encodeHead(0, 200, 0, "i\nOK\n", body),
    encodeData(0, 1, body),
    encodeAccept(1, "x"),
    encodeRefuse(1, "draining", "x"),
  ];
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    return seed % below;
  };
  for (let i = 0; i < 20_000; i++) {
    const bytes = Buffer.from(frames[random(frames.length)]!).subarray(0, 1 + random(30));
    for (let n = random(4); n > 0; n--) bytes[random(bytes.length)] = random(256);
    const frame = decode(bytes);
    if (frame.kind === Kind.open || frame.kind === Kind.head)
      assert.ok(frame.text.length + frame.body.length <= bytes.length);
  }
});

test("every code has a status, a cause and a cure, and says whether the app may have seen the call", () => {
  for (const code of Object.keys(CODES) as Code[]) {
    const { status, cause, cure, delivered } = meaningOf(code);
    assert.ok(status >= 400 && status <= 599 && cause.length > 10 && cure.length > 3, code);
    assert.ok(delivered === "no" || delivered === "unknown");
    assert.ok(/^[a-z-]+$/.test(code) && isCode(code));
  }
  assert.equal(isCode("toString"), false);
});

test("durations are those of GEP-2257", () => {
  const good = { "0s": 0, "250ms": 250, "15s": 15_000, "1h30m": 5_400_000, "1m0s5ms": 60_005 };
  for (const [text, ms] of Object.entries(good)) assert.equal(parseDuration(text), ms, text);
  for (const text of ["", "5", "s", "1.5s", "-1s", "1d", "1s ", "123456s", "1h1m1s1ms1s"])
    assert.equal(parseDuration(text), undefined, text);
});
