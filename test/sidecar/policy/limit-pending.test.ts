import assert from "node:assert/strict";
import { test } from "node:test";
import { PendingLimit } from "../../../sidecar/policy/limit-pending.ts";
import { aCall } from "../../support/calls.ts";
import { codeOf, slow } from "./scene.ts";

test("another limit holds at once, and counts what was under way before", async () => {
  const limit = new PendingLimit(2, "this sidecar to orders");
  const service = limit.layer(slow);
  const calls = [aCall(), aCall()];
  const waiting = calls.map((call) => service(call));
  limit.configure(1);
  calls[0]!.cancel("cancelled");
  await waiting[0];
  const outcome = await service(aCall());
  assert.equal(codeOf(outcome), "overflow");
  assert.match(outcome.kind === "refused" ? outcome.message : "", /^1 calls of this sidecar to orders wait/);
  limit.configure(3);
  void service(aCall());
  void service(aCall());
  assert.equal(codeOf(await service(aCall())), "overflow");
});
