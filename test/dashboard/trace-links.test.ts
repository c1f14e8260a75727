import assert from "node:assert/strict";
import { test } from "node:test";
import {
  explainHref,
  filterOf,
  requestIdOf,
  traceIdIn,
  tracesHref,
  tracesPath,
} from "../../src/dashboard/pages/model/trace-filter.ts";
import { FAILED } from "./trace-scene.ts";

test("an address says which traces are shown; what makes no sense in it is left out", () => {
  const filter = { kind: "slow", service: "orders", caller: "web", leastMs: 250 } as const;
  const href = tracesHref(filter);
  assert.equal(href, "/traces?kind=slow&service=orders&caller=web&leastMs=250");
  assert.deepEqual(filterOf(new URL(href, "http://x").searchParams), filter);
  assert.equal(tracesHref({ kind: "recent" }), "/traces");
  assert.deepEqual(filterOf(new URLSearchParams("kind=evil&leastMs=-3&service=")), {
    ...{ kind: "recent", leastMs: 0 },
  });
  assert.equal(tracesPath(filterOf(new URLSearchParams()), 100), "/v1/traces?limit=100");
});

test("a trace id is found in what somebody pastes", () => {
  const asked = [FAILED, ` ${FAILED.toUpperCase()}\n`, `00-${FAILED}-00f067aa0ba902b7-01`];
  assert.deepEqual(asked.map(traceIdIn), [FAILED, FAILED, FAILED]);
  assert.deepEqual(["", FAILED.slice(1), `${FAILED}0`, "<img>"].map(traceIdIn), [
    ...[undefined, undefined, undefined, undefined],
  ]);
});

test("request ids as others make them have an address, and what is none has not", () => {
  for (const id of ["id-1.a", "Root=1-67891233-abcdef", "a:b", "a+b", "~x(1)"])
    assert.equal(requestIdOf(explainHref(id)), id);
  for (const path of [
    "/explain/",
    "/explain/..",
    "/explain/%2e%2e",
    "/explain/a%2Fb",
    "/explain/%zz",
    "/explain/a b",
  ])
    assert.equal(requestIdOf(path), undefined, path);
});
