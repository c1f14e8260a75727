import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Agent } from "node:http";
import { test } from "node:test";
import { testApp } from "../support/mesh.ts";
import { securedMesh } from "../support/secured-mesh.ts";
import { natsServers } from "../support/servers.ts";
import { until } from "../support/until.ts";
import { calls, connectionsOf, sidecarOf, startProgram, stolenFrom, thief, told } from "./flood-scene.ts";
import type { Order } from "./flooder.ts";

const p99 = (times: readonly number[]): number => times[Math.floor(times.length * 0.99)]!;

const ATTACKS: readonly [attack: Order["attack"], word: string, what: string][] = [
  ["publish", "1000", "it publishes as fast as it can to one service, and where it may not"],
  ["subscribe", "100000", "it subscribes to 100 000 subjects"],
  ["huge", "cut", "it sends messages of 8 MiB"],
  ["deaf", "cut", "it has itself sent whatever it can and reads nothing"],
];
/** Below this a scheduler's whim, not the broker, decides how long the slowest of a hundred takes. */
const FLOOR_MS = 20;
/** Two cores carry broker, victims, thief and other tests: one that woke up meanwhile is no reason to fail. */
const ROUNDS = 4;

for (const server of natsServers())
  test(`nats-server ${server.label}: whatever a stolen key does to the broker, calls of other services go on`, async (t) => {
    const mesh = await securedMesh(t, server);
    const [shop, orders, flooded, evil] = [
      await mesh.instance("shop"),
      await mesh.instance("orders"),
      await mesh.instance("flooded"),
      await mesh.instance("evil"),
    ];
    const app = await testApp(t, (_, response) => response.end("ok"));
    const caller = await sidecarOf(t, shop);
    await sidecarOf(t, orders, app);
    const callee = startProgram(t, "./flooded.ts");
    callee.send(stolenFrom(mesh, flooded));
    assert.equal(await told(callee), "ready");
    const system = await mesh.connect(mesh.part("system"));
    const agent = new Agent({ keepAlive: true });
    t.after(() => agent.destroy());
    await calls(caller.listen, agent, 500);
    /** Of 250 calls in a second without the thief. */
    const quiet = async () => p99(await calls(caller.listen, agent, 1000));
    let before = await quiet();

    for (const [attack, word, what] of ATTACKS)
      await t.test(`${what}: none fails, and their p99 stays within three times of what it was`, async () => {
        const found: string[] = [];
        for (let round = 0; round < ROUNDS; round++) {
          const { times, end } = await thief(t, stolenFrom(mesh, evil), attack);
          await until(() => times(word) > 0, {
            withinMs: 20_000,
            what: `the thief to have done it: ${word}`,
          });
          const during = p99(await calls(caller.listen, agent, 1500));
          end();
          await until(async () => (await connectionsOf(system, evil)).length === 0, { withinMs: 10_000 });
          const after = await quiet();
          found.push([before, during, after].map((ms) => `${ms.toFixed(1)} ms`).join(", "));
          const most = 3 * Math.max(before, after, FLOOR_MS);
          before = after;
          if (during <= most) return;
        }
        assert.fail(`p99 before, during and after were ${found.join("; ")}`);
      });

    await t.test("it was held to its subscriptions and to the size of a message", () => {
      assert.match(mesh.broker.log(), /maximum subscriptions exceeded/);
      assert.match(mesh.broker.log(), /maximum payload exceeded: 8388608 vs 1048576/);
    });

    await t.test(
      "neither the broker nor the service that it floods takes more memory than is theirs",
      async () => {
        const [, kib] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${mesh.broker.pid}/status`, "utf8"))!;
        assert.ok(Number(kib) < 400 << 10, `the broker took ${kib} KiB`);
        callee.send("memory");
        const { peakBytes } = await told<{ peakBytes: number }>(callee);
        assert.ok(peakBytes < 600 << 20, `the flooded sidecar took ${peakBytes} bytes`);
      },
    );

    await t.test("a sidecar needs few of the subscriptions that it may have", async () => {
      for (const identity of [shop, orders]) {
        const [connection, ...more] = await connectionsOf(system, identity);
        assert.deepEqual(more, []);
        assert.ok(connection!.subscriptions <= 14, `${identity.service} has ${connection!.subscriptions}`);
      }
    });
  });
