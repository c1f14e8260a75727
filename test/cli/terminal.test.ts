import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { sayOnStderr, widthOf } from "../../src/cli/terminal.ts";

test("what weft says is a line for people, or JSON with the event's name", (t) => {
  const written: string[] = [];
  const write = mock.method(process.stderr, "write", (text: string) => written.push(text) > 0);
  t.after(() => write.mock.restore());
  sayOnStderr("weft")("warn", "the broker is away: refused", "broker-away");
  sayOnStderr("weft", "json")("warn", "the broker is away: refused", "broker-away");
  write.mock.restore();
  assert.match(written[0]!, /weft:.* the broker is away: refused\n$/);
  const { time, ...line } = JSON.parse(written[1]!);
  assert.ok(Date.parse(time) > 0);
  assert.deepEqual(line, {
    ...{ level: "warn", part: "weft", event: "broker-away" },
    msg: "the broker is away: refused",
  });
});

test("a terminal that says it has no columns has 80", () => {
  assert.deepEqual(
    [{ isTTY: true, columns: 0 }, { isTTY: true, columns: 40 }, { columns: 40 }, { isTTY: true }].map(
      widthOf,
    ),
    [80, 40, Number.POSITIVE_INFINITY, 80],
  );
});
