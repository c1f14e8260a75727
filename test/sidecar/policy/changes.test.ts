import assert from "node:assert/strict";
import { test } from "node:test";
import { aim } from "../../../sidecar/policy/aim.ts";
import { modifyRequest, modifyResponse } from "../../../sidecar/policy/modify.ts";
import { nameUnknown } from "../../../sidecar/policy/name-unknown.ts";
import { wholeBody } from "../../../sidecar/stack/body.ts";
import type { Service } from "../../../sidecar/stack/call.ts";
import { failed, refused, statusOf } from "../../../sidecar/stack/outcome.ts";
import { aCall } from "../../support/calls.ts";
import { codeOf, replied } from "./scene.ts";

const app: Service = async () => replied;

test("a rule sends calls where it wants them; what the caller named is still known", async () => {
  const call = aCall();
  await aim("pay", { kind: "version", version: "2" })(app)(call);
  assert.deepEqual([call.callee, call.target], ["pay", { kind: "version", version: "2" }]);
  assert.deepEqual([call.head.callee, call.head.target], ["orders", { kind: "any" }]);
});

test("changes to the request are made in their order, before it goes on", async () => {
  const call = aCall();
  const add = (text: string) => (one: typeof call) => {
    one.path += text;
  };
  await modifyRequest([add("a"), add("b")])(async ({ path }) => {
    assert.equal(path, "/ab");
    return replied;
  })(call);
});

test("changes to the answer are made in their order, and only to an app's", async () => {
  const change = modifyResponse([(headers) => `${headers}A: 1\r\n`, (headers) => `${headers}B: 2\r\n`]);
  const answer = { ...replied, headers: "C: 3\r\n" };
  assert.deepEqual(await change(async () => answer)(aCall()), {
    ...answer,
    headers: "C: 3\r\nA: 1\r\nB: 2\r\n",
  });
  assert.equal(answer.headers, "C: 3\r\n", "it is made anew");
  for (const outcome of [refused("overflow", ""), failed("gone", "unknown", "")])
    assert.equal(await change(async () => outcome)(aCall()), outcome);
});

test("fields of an answer that the changes own do not come as trailers, and others do", async () => {
  const body = wholeBody(Buffer.from("a"), "until-end", "X-Internal: 1\r\nx_internal: 2\r\nX-Sum: 1\r\n");
  const outcome = await modifyResponse([], ["x-internal"])(async () => ({ ...replied, body }))(aCall());
  assert.ok(outcome.kind === "replied");
  assert.equal(outcome.body.trailers, "X-Sum: 1\r\n");
});

test("a backend that the mesh has never seen is told from one without an instance", async () => {
  const nobody = failed("no-instance", "no", "orders has no instance");
  const of = async (isUnknown: boolean, outcome = nobody, target = aCall().target) =>
    await nameUnknown(() => isUnknown)(async () => outcome)(aCall({ target }));
  assert.equal(await of(false), nobody);
  const unknown = await of(true);
  assert.deepEqual([codeOf(unknown), statusOf(unknown)], ["unknown-backend", 500]);
  assert.deepEqual(unknown, failed("unknown-backend", "no", "the mesh has never seen orders"));
  assert.deepEqual(
    await of(true, nobody, { kind: "version", version: "3" }),
    failed("unknown-backend", "no", "the mesh has never seen orders in version 3"),
  );
});

test("whether a backend is known is asked only when nobody answered", async () => {
  const asks = nameUnknown(() => assert.fail("not asked"));
  assert.equal(await asks(app)(aCall()), replied);
  const gone = failed("gone", "unknown", "");
  assert.equal(await asks(async () => gone)(aCall()), gone);
});
