import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { isAlive, Weft } from "../cli/weft.ts";
import { ask } from "../support/ask.ts";
import { skip } from "../support/prometheus.ts";
import { until } from "../support/until.ts";
import { scraped } from "./scraped.ts";

/** Its temporary folder is one of ours, so that what it leaves behind can be seen. */
function weftFor(t: TestContext): Weft {
  const weft = new Weft();
  weft.env.TMPDIR = weft.folder;
  t.after(() => weft.close());
  return weft;
}

test("the demo shows the whole way, ends with 0 and leaves nothing", async (t) => {
  const weft = weftFor(t);
  const { code, stdout, stderr } = await weft.run(["demo", "--no-bench"]);
  assert.equal(code, 0, stderr);
  for (const said of [
    /^ +broker +tls:/m,
    /^ +orders +v2 +node +mesh\.orders\.v-2\.\*$/m,
    /GET http:\/\/shop\.mesh\/\n +200 \{"shop":"open"/,
    /\/orders\/7, 20 times: v\d \d+/, // a busy machine may make one look slow, and it is avoided
    /HTTPRoute orders created/,
    /200 times: v1 1[5-9]\d, v2 \d+/,
    /20 times with x-canary: 1: v2 20/,
    /rule: +canary$/m,
    /^ +SERVICE +VERSION/m,
    /503 weft-error: no-instance/,
    /done in \d+ s/,
  ])
    assert.match(stdout, said);
  assert.deepEqual(readdirSync(weft.folder), []);
});

test("with --keep it stays, and what it says to try works; a Ctrl-C ends all of it", async (t) => {
  const weft = weftFor(t);
  const demo = await weft.spawn(["demo", "--no-bench", "--keep"]);
  await until(() => /weft run hello/.test(demo.stdout()), {
    withinMs: 90_000,
    what: `the demo to stay: ${demo.stderr()}`,
  });
  const [, proxy = "", state = ""] = /curl -x (\S+) [\s\S]*--watch --state (\S+)/.exec(demo.stdout())!;
  const listen = proxy.replace("http://", "");
  const { text } = await ask(listen, "catalog.mesh", "/items/tea");
  assert.equal(JSON.parse(text).price, 4.5);
  const { stdout } = await weft.run(["call", "stock", "/stock/cup", "--state", state]);
  assert.deepEqual(JSON.parse(stdout), { item: "cup", pieces: 3 });
  const check = await weft.run(["check", "--state", state, "--fail-before", "30d"]);
  assert.equal(check.code, 0, check.stdout);
  await t.test(
    "a real Prometheus scrapes it, and has data for every query of every dashboard",
    { skip },
    (t) => scraped(t, weft, demo.stdout(), listen),
  );
  const { up, broker } = JSON.parse(readFileSync(`${state}/up.json`, "utf8"));
  assert.equal((await demo.end("SIGINT")).code, 0);
  assert.deepEqual([isAlive(up.pid), isAlive(broker.pid)], [false, false]);
  assert.deepEqual(readdirSync(weft.folder), []);
});
