import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_BODY } from "../../../sidecar/stack/body.ts";
import { Call, type Layer, type Service } from "../../../sidecar/stack/call.ts";
import { type Outcome, refused } from "../../../sidecar/stack/outcome.ts";
import { admit, observe, rescue, stack } from "../../../sidecar/stack/stack.ts";
import { aCall } from "../../support/calls.ts";

const replied: Outcome = {
  ...{ kind: "replied", status: 200, reason: "OK", headers: "", body: NO_BODY, instance: "o1" },
};

test("the first layer listed is the outermost, and a policy that is not configured is not there", async () => {
  const log: string[] = [];
  const layer =
    (name: string): Layer =>
    (inner) =>
    async (call) => {
      log.push(`${name} in`);
      const outcome = await inner(call);
      log.push(`${name} out`);
      return outcome;
    };
  const service = stack(
    layer("outer"),
    undefined,
    layer("inner"),
  )(async () => {
    log.push("leaf");
    return replied;
  });
  assert.equal(await service(aCall()), replied);
  assert.deepEqual(log, ["outer in", "inner in", "leaf", "inner out", "outer out"]);
});

test("layers are composed once, not per call", async () => {
  let composed = 0;
  const counting: Layer = (inner) => {
    composed++;
    return inner;
  };
  const service = stack(counting)(async () => replied);
  for (let i = 0; i < 3; i++) await service(aCall());
  assert.equal(composed, 1);
});

test("the first gate that refuses ends the call, and nothing behind it runs", async () => {
  const log: string[] = [];
  const service = admit(
    () => undefined,
    () => refused("overflow", "full"),
    () => {
      log.push("never");
      return undefined;
    },
  )(async () => {
    log.push("leaf");
    return replied;
  });
  const outcome = await service(aCall());
  assert.deepEqual([outcome.kind, log], ["refused", []]);
});

test("observers see each finished call once, whatever its outcome", async () => {
  const seen: string[] = [];
  const outcomes = [replied, refused("draining", "x")];
  const service = observe((_, { kind }) => seen.push(kind))(async () => outcomes.shift()!);
  await service(aCall());
  await service(aCall());
  assert.deepEqual(seen, ["replied", "refused"]);
});

test("a bug in a layer costs one call, and is told", async () => {
  const told: unknown[] = [];
  const bug = new Error("bug");
  const service: Service = rescue((error) => told.push(error))(() => Promise.reject(bug));
  const outcome = await service(aCall());
  assert.deepEqual([outcome.kind, "code" in outcome && outcome.code, told], ["failed", "internal", [bug]]);
});

test("a call is cancelled once, by the first reason, and tells whoever works on it", () => {
  const call = aCall();
  const told: string[] = [];
  call.onCancel = (code) => told.push(code);
  call.cancel("deadline");
  call.cancel("cancelled");
  assert.deepEqual([call.cancelled, told], ["deadline", ["deadline"]]);
  assert.ok(call instanceof Call);
});
