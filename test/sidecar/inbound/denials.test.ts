import assert from "node:assert/strict";
import { test } from "node:test";
import { Denials } from "../../../sidecar/inbound/denials.ts";
import { aCall } from "../a-call.ts";

test("each caller and rule is told at once, and then once a minute with how often", () => {
  let now = 0;
  const said: string[] = [];
  const denials = new Denials(
    (_, message) => said.push(message),
    () => now,
  );
  const call = aCall({ caller: "shop", method: "POST", path: "/admin?token=secret" });
  for (let i = 0; i < 1000; i++) denials.count(call, "no-admin", "enforce");
  denials.count(call, "(default)", "shadow");
  denials.count(aCall({ caller: "web", path: "/" }), "no-admin", "enforce");
  now = 60_000;
  denials.count(call, "no-admin", "enforce");
  assert.deepEqual(said, [
    "authorization denied POST /admin of shop by no-admin",
    "authorization would deny, and lets through, POST /admin of shop by (default)",
    "authorization denied GET / of web by no-admin",
    "authorization denied POST /admin of shop by no-admin (and 999 more since the last line)",
  ]);
});
