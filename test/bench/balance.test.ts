import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { BEHAVE_PATH, type Behaviour, WORKERS } from "../../bench/balance/app.ts";
import { judgeBalance } from "../../bench/balance/balance-goals.ts";
import { type BalancePolicy, POLICIES, policyText, type Situation } from "../../bench/balance/cells.ts";
import { type BalanceMeasurement, measureBalance } from "../../bench/balance/measure-balance.ts";
import { ask } from "../../bench/mesh/ask.ts";
import { freePort } from "../../bench/processes.ts";
import { startServing } from "../../bench/roles.ts";
import { readResource } from "../../src/resources/read.ts";
import { PROGRAM } from "../support/program.ts";
import { removeFolder } from "../support/state.ts";

const weft = [process.execPath, PROGRAM];
const self = [...weft, "bench"];

test("each policy that is compared is a good one", () => {
  for (const policy of POLICIES) {
    const { resource, findings } = readResource(parse(policyText("echo", policy)), 0);
    assert.deepEqual(findings, []);
    assert.ok(resource?.kind === "ServicePolicy");
    assert.equal(resource.spec.balance?.policy, policy);
  }
});

test("the app does as it is told: so many calls at once take their time, and a failing one answers at once", async (t) => {
  const port = await freePort();
  const app = await startServing(self, "balance-app", "balance-app", { ports: [port] });
  t.after(app.stop);
  const behave = (behaviour: Behaviour) =>
    ask(port, "app", `${BEHAVE_PATH}${encodeURIComponent(JSON.stringify(behaviour))}`);
  await behave({ workMs: 50, status: 200 });
  const startedAt = performance.now();
  const answers = await Promise.all(Array.from({ length: 2 * WORKERS }, () => ask(port, "app", "/0")));
  assert.ok(performance.now() - startedAt >= 98, "the second half waited for the first");
  assert.ok(answers.every(({ status }) => status === 200));
  assert.equal((await behave({ workMs: 60_000, status: 503 })).text, String(2 * WORKERS));
  assert.equal((await ask(port, "app", "/0")).status, 503);
});

const measured = (
  situation: Situation,
  policy: BalancePolicy,
  round: number,
  p99Ms: number,
  goodput = 1,
): BalanceMeasurement => ({ situation, policy, round, p50Ms: 10, p99Ms, goodput, share: 0.2 });

test("the default policy is judged, within rounds; what was not measured is not judged", () => {
  const [slow, lost] = judgeBalance([
    measured("all well", "peak-ewma", 1, 10),
    measured("one slow", "peak-ewma", 1, 20),
    measured("all well", "peak-ewma", 2, 100),
    measured("one slow", "peak-ewma", 2, 200),
    measured("one slow", "peak-ewma", 3, 1),
    measured("one slow", "queue-group", 1, 1000),
    measured("one failing", "queue-group", 1, 10, 0.8),
    measured("one failing", "peak-ewma", 1, 10, 0.98),
  ]);
  assert.deepEqual([slow!.value, slow!.rounds, slow!.verdict], [2, 2, "reached"]);
  assert.deepEqual([Math.round(lost!.value! * 100) / 100, lost!.verdict], [2, "missed"]);
  assert.deepEqual(
    judgeBalance([]).map(({ verdict }) => verdict),
    ["not measured", "not measured"],
  );
});

test("on a real mesh the policies act: the broker's choice suffers from a failing instance, the default avoids a slow one", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "weft-test-bench-"));
  t.after(() => removeFolder(folder));
  const found = await measureBalance(
    { self, weft, folder },
    {
      cells: [
        { situation: "one failing", policy: "queue-group" },
        { situation: "one slow", policy: "peak-ewma" },
      ],
      ...{ rounds: 1, warmupS: 1, measureS: 0.5, say: () => {}, or: (work) => work },
    },
  );
  assert.equal(found.length, 2);
  const failing = found.find(({ policy }) => policy === "queue-group")!;
  assert.ok(failing.goodput < 0.95, `goodput was ${failing.goodput} though every fifth call fails`);
  const slow = found.find(({ policy }) => policy === "peak-ewma")!;
  assert.ok(slow.share < 0.15, `the default gave the slow instance ${slow.share} of the calls`);
});
