import assert from "node:assert/strict";
import { test } from "node:test";
import { policyCases } from "../../bench/micro/policy-cases.ts";
import { ruleCases } from "../../bench/micro/rule-cases.ts";
import { tokenCases } from "../../bench/micro/token-cases.ts";
import { createTracer } from "../../sidecar/observe/tracer.ts";

/** What one writes in a ServicePolicy, and the words that its row of `weft bench --micro` has. */
const WRITTEN = [
  ...["timeouts, request", "timeouts, backendRequest", "retry, ", "retryBudget", "hedge", "park"],
  ...[
    "peak-ewma",
    "least-loaded",
    "round-robin",
    "random",
    "queue-group",
    "consistent-hash",
    "zone",
    "slowStart",
  ],
  ...["breaker, by failures", "breaker, by success rate", "breaker, of the service"],
  ...["maxConcurrency", "maxPending", "limits, queue", "limits, adaptive", "limits, priority"],
  ...[
    "rateLimit, local",
    "rateLimit, global",
    "faults",
    "mirror",
    "sticky by",
    "split:",
    "authorization",
    "token:",
  ],
];

test("each policy has a row for what it costs a call, and each row runs", async () => {
  const tracer = await createTracer({ service: "web", instance: "i", version: "1", ratio: 0, env: {} });
  const cases = [...(await policyCases(tracer)), ...tokenCases(), ...(await ruleCases())];
  for (const words of WRITTEN)
    assert.ok(
      cases.some(({ name }) => name.includes(words)),
      `no row for ${words}`,
    );
  for (const { over, run } of cases) {
    await run(1);
    if (over?.startsWith("policy:")) assert.ok(cases.some(({ name }) => name === over));
  }
  assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length);
});
