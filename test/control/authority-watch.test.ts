import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { AuthorityWatch, type LookAtAuthorities } from "../../src/control/access/authority-watch.ts";
import { silentLog } from "../registry/beats.ts";
import { FakeClock } from "../support/fake-clock.ts";

function scene(t: TestContext, look: LookAtAuthorities) {
  const clock = new FakeClock();
  const authority = { look };
  const watch = new AuthorityWatch({ clock, log: silentLog, look: () => authority.look() });
  t.after(() => watch.stop());
  watch.start();
  return { clock, authority, watch };
}

test("an authority that hangs is away within 15 s, and there again when it answers", async (t) => {
  const { clock, authority, watch } = scene(t, async () => 1);
  await clock.run(1000);
  assert.deepEqual(watch.state, { kind: "there" });
  authority.look = () => new Promise(() => {});
  await clock.run(15_000);
  assert.equal(watch.state.kind, "away");
  assert.match(watch.state.kind === "away" ? watch.state.cause : "", /^no answer within 3 s$/);
  authority.look = async () => 1;
  await clock.run(7000);
  assert.deepEqual(watch.state, { kind: "there" });
});

test("one miss is none: an authority that crashed is started again", async (t) => {
  let looks = 0;
  const { clock, watch } = scene(t, async () => {
    if (++looks === 2) throw new Error("refused");
    return 1;
  });
  for (let i = 0; i < 10; i++) {
    await clock.run(1000);
    assert.notEqual(watch.state.kind, "away");
  }
  assert.ok(looks > 3);
});

test("while no authority is known nothing is said of it", async (t) => {
  const { clock, watch } = scene(t, async () => 0);
  await clock.run(10_000);
  assert.deepEqual(watch.state, { kind: "unknown" });
});
