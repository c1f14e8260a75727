import assert from "node:assert/strict";
import { test } from "node:test";
import { balance } from "../../../sidecar/balance/balance.ts";
import type { Call } from "../../../sidecar/stack/call.ts";
import { failed, type Outcome } from "../../../sidecar/stack/outcome.ts";
import { aBalancedCall, aBalancer, answer, row } from "./scene.ts";

const ANY: Call["target"] = { kind: "any" };
const V1: Call["target"] = { kind: "version", version: "1" };
const nobody = failed("no-instance", "no", "");

const labelOf = ({ target }: Call): string =>
  target.kind === "instance" ? target.instance : target.kind === "version" ? `v${target.version}` : "any";

/** A mesh whose instances do as told; it logs who was asked. */
const scene = (reply: (asked: string, call: Call) => Outcome | Promise<Outcome>) => {
  let now = 0;
  const asked: string[] = [];
  const balancer = aBalancer({ balance: { policy: "round-robin" } });
  balancer.update([row("a"), row("b"), row("c")], now);
  const service = balance(
    (callee) => (callee === "orders" ? balancer : undefined),
    () => now,
  )(async (call) => {
    asked.push(labelOf(call));
    now += 10;
    return reply(labelOf(call), call as Call);
  });
  const send = async (target: Call["target"] = V1) => {
    const call = aBalancedCall(undefined, target);
    return { call, outcome: await service(call) };
  };
  return { balancer, asked, send, service };
};

test("each call goes to an instance, by its own subject, and knows the version", async () => {
  const { asked, send, balancer } = scene(() => answer(200));
  for (const target of [V1, V1, V1, ANY]) {
    const { call } = await send(target);
    assert.deepEqual([call.target, call.version, call.tried], [target, "1", undefined]);
  }
  assert.deepEqual(asked.slice(0, 3).sort(), ["a", "b", "c"]);
  for (const { outstanding, latencyMs } of balancer.endpoints(40))
    assert.deepEqual([outstanding, Math.round(latencyMs)], [0, 10]);
});

test("what is not for the balancer passes: a named instance, a service that nobody follows", async () => {
  const { asked, send, service } = scene(() => answer(200));
  await send({ kind: "instance", instance: "z" });
  const call = aBalancedCall(undefined, V1);
  call.callee = "billing";
  await service(call);
  assert.deepEqual(asked, ["z", "v1"]);
});

test("calls under way count, to the head of the answer", async () => {
  let end: (outcome: Outcome) => void = () => undefined;
  const { send, balancer } = scene(
    () =>
      new Promise((resolve) => {
        end = resolve;
      }),
  );
  const sent = send();
  const outstanding = () => balancer.endpoints(0).reduce((sum, one) => sum + one.outstanding, 0);
  assert.equal(outstanding(), 1);
  end(answer(200));
  await sent;
  assert.equal(outstanding(), 0);
});

test("an instance that is not on the bus costs no attempt: another is asked at once", async () => {
  const { asked, send } = scene((name) => (name === "a" ? nobody : answer(200)));
  for (let i = 0; i < 9; i++) assert.equal((await send()).outcome.kind, "replied");
  assert.equal(asked.filter((name) => name === "a").length, 1, "and it is not asked again for a while");
});

test("when two of them are not there the broker is left to find one", async () => {
  const { asked, send } = scene((name) => (name === "v1" ? answer(200) : nobody));
  const { outcome, call } = await send();
  assert.equal(outcome.kind, "replied");
  assert.equal(asked.length, 3);
  assert.equal(asked[2], "v1");
  assert.deepEqual(call.target, V1);
});

test("nobody at all is what the broker says, not what an old table says", async () => {
  const { asked, send } = scene(() => nobody);
  assert.equal((await send()).outcome, nobody);
  assert.equal(asked.at(-1), "v1");
});

test("a call that ended meanwhile, or whose body is spent, is not sent again", async () => {
  for (const end of [
    (call: Call) => call.cancel("cancelled"),
    (call: Call) => {
      call.spent = true;
    },
  ]) {
    const { asked, send } = scene((_, call) => {
      end(call);
      return nobody;
    });
    await send();
    assert.equal(asked.length, 1);
  }
});

test("another attempt of a call goes to another instance", async () => {
  const { asked, send, service } = scene(() => answer(503));
  const { call } = await send();
  assert.deepEqual(call.tried, [asked[0]]);
  await service(call);
  await service(call);
  assert.deepEqual(asked.sort(), ["a", "b", "c"]);
  assert.equal(call.tried?.length, 3);
});

test("what the broker's choice came to is learnt, too", async () => {
  const { balancer, service, asked } = scene((_, call) => {
    call.instance = "b";
    return answer(500);
  });
  for (const name of ["a", "b", "c"]) {
    const endpoint = balancer.endpoint(name)!;
    endpoint.ended(failed("draining", "no", ""), 1, 0, endpoint.began(0));
  }
  const call = aBalancedCall(undefined, ANY);
  await service(call);
  assert.deepEqual([asked, call.version, call.tried], [["any"], "1", ["b"]]);
  assert.ok(balancer.endpoint("b")!.latency.at(10) >= 9);
});

test("a bug does not leave a call counted as under way", async () => {
  const { send, balancer } = scene(() => {
    throw new Error("a bug");
  });
  await assert.rejects(send(), /a bug/);
  assert.ok(balancer.endpoints(0).every(({ outstanding }) => outstanding === 0));
});

test("whom an attempt was addressed to is known though nobody confirmed it, unless nobody can have got it", async () => {
  for (const [outcome, known] of [
    [failed("lost", "unknown", ""), true] as const,
    [failed("attempt-timeout", "unknown", ""), true] as const,
    [failed("broker-away", "no", ""), false] as const,
  ]) {
    const { send, asked } = scene(() => outcome);
    const { call } = await send();
    assert.equal(call.instance, known ? asked[0] : "", outcome.code);
  }
});
