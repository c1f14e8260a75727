import assert from "node:assert/strict";
import { test } from "node:test";
import { lastError } from "../../broker/log.ts";

const line = (time: string, level: string, text: string) => `[7] 2026/11/29 ${time} [${level}] ${text}\n`;
const refused = line("17:00:05.900000", "ERR", "127.0.0.1:56480 - cid:5 - TLS handshake error: EOF");

test("a server's end is explained by its fatal lines, else by the errors of its last second, never by those of a connection", () => {
  const early = line("17:00:01.000000", "ERR", "JetStream out of space");
  const late = line("17:00:05.500000", "ERR", "error writing: no space left on device");
  const fatal = line("17:00:03.000000", "FTL", "cannot go on");
  const last = line("17:00:06.000000", "INF", "Initiating Shutdown...");
  for (const [text, expected] of [
    ["", ""],
    [early + refused + last, ""],
    [refused, ""],
    [early + late + refused + last, "error writing: no space left on device"],
    [early + fatal + late + refused + last, "cannot go on"],
    ["no log of ours\n[ERR] what is this\n", ""],
  ] as const)
    assert.equal(lastError(text), expected, text);
});
