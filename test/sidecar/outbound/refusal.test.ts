import assert from "node:assert/strict";
import { test } from "node:test";
import { refusalOf } from "../../../sidecar/outbound/refusal.ts";
import { Kind, type Refuse } from "../../../src/protocol/frame.ts";

const refuse = (changes: Partial<Refuse>): Refuse => ({
  ...{ kind: Kind.refuse, instance: "a", retryAfterMs: 0, code: "rate-limited", message: "m", headers: "" },
  ...changes,
});
const LOCAL = 'RateLimit-Policy: "local";q=1;w=1\r\nRateLimit: "local";r=0;t=1\r\n';

test("by the name of the limit it is known whether another instance may do better", () => {
  assert.equal(refusalOf(refuse({ headers: LOCAL })).isLocal, true);
  for (const changes of [
    {},
    { headers: LOCAL.replaceAll("local", "global") },
    { headers: LOCAL, code: "overloaded" as const },
    { headers: `${LOCAL}bad` },
  ])
    assert.equal(refusalOf(refuse(changes)).isLocal, undefined);
});
