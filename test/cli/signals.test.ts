import assert from "node:assert/strict";
import { after, test } from "node:test";
import { registryWithSignals } from "../control/signals/registry-scene.ts";
import { Weft } from "./weft.ts";

const weft = new Weft();
after(() => weft.close());

test("who calls whom and how that goes is shown for people and for programs", async (t) => {
  const { url } = await registryWithSignals(t);
  const shows = async (...args: string[]) => {
    const { code, stdout, stderr } = await weft.run([...args, "--registry", url]);
    assert.deepEqual([code, stderr], [0, ""], args.join(" "));
    return stdout;
  };
  const [stat, one, edges, top, json] = await Promise.all([
    shows("stat"),
    shows("stat", "orders", "--by", "caller", "--window", "15m"),
    shows("edges", "orders"),
    shows("top", "edges", "--sort", "errors"),
    shows("edges", "-o", "json"),
  ]);
  assert.match(stat, /^SERVICE +HEALTH +UP +RATE +SUCCESS +P50 +P90 +P99 +RETRY/);
  assert.match(
    stat,
    /^orders +degraded +0 +\S+\/s +90\.0 % +.* ms .*10\.0 % of its calls fail, mostly no-instance$/m,
  );
  assert.match(one, /^to orders +all .*\nto orders +shop +.* 90\.0 % .* no-instance 10$/m);
  assert.match(edges, /^shop +orders +v2 +\S+\/s +90\.0 % +.* caller +no-instance 10$/m);
  assert.equal(top, edges, "where stdout is no terminal it is printed once");
  assert.deepEqual(
    JSON.parse(json).map(({ from, to, calls }: Record<string, unknown>) => [from, to, calls]),
    [["shop", "orders", 100]],
  );
});

test("what cannot be shown is told with its cure", async (t) => {
  const { url, clock } = await registryWithSignals(t);
  const cases: [args: string[], code: number, says: RegExp][] = [
    [["stat", "nobody", "--registry", url], 1, /no service "nobody" was heard of\n +weft get services/],
    [["edges", "nobody", "--registry", url], 1, /nobody was not heard of in the last 1m\n +weft stat lists/],
    [["stat", "--by", "caller", "--registry", url], 2, /--by is about one service\n +name it/],
    [["stat", "--window", "2h", "--registry", url], 2, /a duration from 5s to 60m/],
    [["top", "--registry", "http://127.0.0.1:1"], 1, /does not answer \(.*\)\n +does weft up still run/],
  ];
  await Promise.all(
    cases.map(async ([args, code, says]) => {
      const done = await weft.run(args);
      assert.equal(done.code, code, `${args.join(" ")}: ${done.stderr}`);
      assert.match(done.stderr, says);
    }),
  );
  clock.advance(3_600_000);
  const quiet = await weft.run(["edges", "--registry", url]);
  assert.deepEqual([quiet.code, quiet.stdout.split("\n").length], [0, 2]);
  assert.match(quiet.stderr, /no calls in the last 1m/);
});
