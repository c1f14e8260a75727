import assert from "node:assert/strict";
import { test } from "node:test";
import { type Body, NO_BODY, type Sink, wholeBody } from "../../../sidecar/stack/body.ts";
import { cleanTrailers } from "../../../sidecar/stack/clean-trailers.ts";

const clean = (lines: string): string => lines.replace("bad: 1\r\n", "");

test("a whole body without trailers stays as it is, and one with them keeps the rest", () => {
  assert.equal(cleanTrailers(NO_BODY, clean), NO_BODY);
  const body = cleanTrailers(wholeBody(Buffer.from("a"), "until-end", "bad: 1\r\nok: 1\r\n"), clean);
  assert.deepEqual(
    [body.first.toString(), body.framing, body.complete, body.trailers],
    ["a", "until-end", true, "ok: 1\r\n"],
  );
});

test("of a body that still comes all passes but what is cleaned from its trailers, both ways", () => {
  const said: unknown[] = [];
  let sink: Sink | undefined;
  const source: Body = {
    ...{ framing: "until-end", first: Buffer.from("a"), complete: false, trailers: "" },
    read(given) {
      sink = given;
    },
    resume: () => said.push("resume"),
    abandon: (code) => said.push(code),
  };
  const body = cleanTrailers(source, clean);
  assert.deepEqual([body.first.toString(), body.framing, body.complete], ["a", "until-end", false]);
  body.read({
    write: (chunk) => said.push(chunk.toString()) < 0,
    end: (trailers) => said.push({ trailers }),
    fail: (code) => said.push({ code }),
  });
  assert.equal(sink!.write(Buffer.from("b")), false);
  body.resume();
  sink!.end("ok: 1\r\nbad: 1\r\n");
  sink!.end("");
  sink!.fail("gone");
  body.abandon("cancelled");
  assert.deepEqual(said, [
    ...["b", "resume", { trailers: "ok: 1\r\n" }, { trailers: "" }, { code: "gone" }, "cancelled"],
  ]);
});
