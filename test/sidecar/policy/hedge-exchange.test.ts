import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldValue } from "../../../sidecar/http/header-block.ts";
import { hedge } from "../../../sidecar/policy/hedge.ts";
import { RETRY_BUDGET, RetryBudget } from "../../../sidecar/policy/retry-budget.ts";
import type { Call } from "../../../sidecar/stack/call.ts";
import { failed, type Outcome } from "../../../sidecar/stack/outcome.ts";
import { LiveBody } from "../../support/bodies.ts";
import { exchangePair } from "../../support/exchange-pair.ts";
import { turns } from "../../support/fake-clock.ts";
import { until } from "../../support/until.ts";
import { replied } from "./scene.ts";

for (const confirmed of [true, false])
  test(`the attempt that lost is cancelled at its app, ${confirmed ? "" : "also "}when its receipt ${confirmed ? "came before" : "comes after"} the end`, async (t) => {
    const served: { call: Call; answer: (outcome: Outcome) => void }[] = [];
    const pair = exchangePair(
      t,
      (call) =>
        new Promise((answer) => {
          call.onCancel = (code) => answer(failed(code, "unknown", "ended"));
          served.push({ call, answer });
        }),
    );
    const { exchanges, sweep } = pair;
    const service = hedge(
      { attempts: 1, delay: confirmed ? 100 : 30 },
      {
        ...{ sweep, budget: new RetryBudget(RETRY_BUDGET), field: fieldValue },
        ...{ apart: () => undefined, hedged: () => undefined, isLesser: () => false },
      },
    )(exchanges.send);
    const call = pair.call();
    const outcome = service(call);
    await until(() => served.length === 1, { withinMs: 2000 });
    if (confirmed) {
      pair.pass(60);
      await turns();
      pair.pass(40);
    } else pair.pass(30);
    await until(() => served.length === 2, { withinMs: 2000 });
    assert.deepEqual(
      served.map(({ call: { attempt } }) => attempt),
      [1, 2],
    );
    const body = new LiveBody("first");
    served[1]!.answer({ ...replied, body });
    const answer = await outcome;
    assert.ok(answer.kind === "replied" && answer.body.first.toString() === "first");
    if (!confirmed) pair.pass(60);
    await until(() => served[0]!.call.cancelled === "cancelled", { withinMs: 2000 });
    assert.equal(served[1]!.call.cancelled, undefined);
    // Its caller leaves in the middle of the answer that was taken.
    answer.body.read({ write: () => true, end: () => undefined, fail: () => undefined });
    call.cancel("cancelled");
    await until(() => exchanges.size === 0, { withinMs: 2000 });
    await until(() => body.abandoned === "cancelled", { withinMs: 2000 });
  });
