import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { skewsOf } from "../../../src/cli/check/versions.ts";
import { VERSION as FRAMES } from "../../../src/protocol/frame.ts";
import { WEFT_VERSION } from "../../../src/protocol/weft-version.ts";

const sidecar = (instance: string, weft: string | undefined, frames: number | undefined = FRAMES) => ({
  ...{ service: "orders", instance, frames },
  ...(weft === undefined ? {} : { weft }),
});
const PARTS = { registry: WEFT_VERSION, authority: WEFT_VERSION };
const told = (running: Parameters<typeof skewsOf>[0]) =>
  skewsOf(running).map(({ level, says }) => `${level} ${says}`);

test("the version is that of package.json", () => {
  assert.equal(WEFT_VERSION, JSON.parse(readFileSync("package.json", "utf8")).version);
});

test("one version everywhere is well", () => {
  assert.deepEqual(told({ ...PARTS, sidecars: [sidecar("a", WEFT_VERSION)] }), [
    `ok all that answer run weft ${WEFT_VERSION}`,
  ]);
});

test("parts and sidecars of another version are told, and those too old to tell theirs", () => {
  const sidecars = [sidecar("a", WEFT_VERSION), sidecar("b", "0.0.9"), sidecar("c", undefined)];
  assert.deepEqual(told({ registry: "0.0.9", authority: undefined, sidecars }), [
    `warn the registry runs 0.0.9, and this is ${WEFT_VERSION}`,
    `warn the authority runs an older one, that does not tell its version, and this is ${WEFT_VERSION}`,
    `warn 2 of 3 sidecars run another weft than this ${WEFT_VERSION}: orders/b (0.0.9), orders/c (an older one, that does not tell its version)`,
  ]);
});

test("frames of another version fail: calls would", () => {
  const found = skewsOf({ ...PARTS, sidecars: [sidecar("a", WEFT_VERSION, FRAMES + 1)] });
  assert.deepEqual(
    found.map(({ level, says }) => `${level} ${says}`),
    [`fail 1 of 1 sidecars do not speak frames of version ${FRAMES}: orders/a (${FRAMES + 1})`],
  );
  assert.match(found[0]?.cure ?? "", /calls between those and the others fail/);
});
