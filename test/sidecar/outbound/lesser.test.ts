import assert from "node:assert/strict";
import { test } from "node:test";
import { lesserOf } from "../../../sidecar/outbound/lesser.ts";
import { aCall } from "../../support/calls.ts";
import { aPolicy } from "./scene.ts";

test("calls are told apart by their urgency where the policy of the service does so, by its field and its shedBelow", () => {
  const lesser = (priority: object | undefined) => {
    const isLesser = lesserOf(
      aPolicy({ limits: { maxConcurrency: 1, ...(priority && { priority }) } }).spec.limits,
    );
    return (headers: string) => isLesser?.(aCall({ headers }));
  };
  const usual = lesser({});
  assert.deepEqual(
    ["", "Priority: u=0\r\n", "Priority: u=3\r\n", "Priority: u=4\r\n", "X-Rank: 7\r\n"].map(usual),
    [false, false, false, true, false],
  );
  const ranked = lesser({ header: "X-Rank", shedBelow: 5 });
  assert.deepEqual(["X-Rank: 5\r\n", "X-Rank: 6\r\n", "Priority: u=7\r\n"].map(ranked), [false, true, false]);
  assert.deepEqual([lesser(undefined)("Priority: u=7\r\n"), lesserOf(undefined)], [undefined, undefined]);
});
