import assert from "node:assert/strict";
import { test } from "node:test";
import { isLogged, isLoud, LOG_SETTINGS } from "../../src/telemetry/log-settings.ts";

const traceparent = (random: string) => `00-0af7651916cd43dd8448eb21${random}-b7ad6b7169203331-01`;
const settings = { ...LOG_SETTINGS, accessSample: 0.25 };

test("of calls that went well a share is logged, and it is the trace that is chosen", () => {
  const logged = (random: string) => isLogged(settings, false, 5, traceparent(random));
  assert.ok(logged("00000000"));
  assert.ok(logged("3fffffff"));
  assert.ok(!logged("40000000"));
  assert.ok(!logged("ffffffff"));
});

test("calls that failed or were slow are always logged, also when no others are", () => {
  const none = { ...settings, accessSample: 0 };
  assert.ok(!isLogged(none, false, 999, traceparent("00000000")));
  assert.ok(isLogged(none, true, 5, traceparent("ffffffff")));
  assert.ok(isLogged(none, false, 1000, undefined));
  assert.ok(isLogged(LOG_SETTINGS, false, 5, undefined));
});

test("a level lets through what is as loud, and silent nothing", () => {
  assert.ok(isLoud({ ...settings, level: "warn" }, "error"));
  assert.ok(!isLoud({ ...settings, level: "warn" }, "info"));
  assert.ok(!isLoud({ ...settings, level: "silent" }, "error"));
});
