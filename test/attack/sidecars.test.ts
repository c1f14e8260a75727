import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { SidecarOptions } from "../../sidecar/options.ts";
import { startSidecar } from "../../sidecar/sidecar.ts";
import { connectBus } from "../../src/bus/nats-bus.ts";
import { mintSidecar } from "../../src/identity/keys/mint.ts";
import type { Identity } from "../../src/identity/member/identity.ts";
import { decode } from "../../src/protocol/decode.ts";
import { encodeHead, encodeOpen } from "../../src/protocol/encode.ts";
import { Flag, Kind } from "../../src/protocol/frame.ts";
import { ask } from "../support/ask.ts";
import { testApp } from "../support/mesh.ts";
import { securedMesh } from "../support/secured-mesh.ts";
import { natsServers } from "../support/servers.ts";
import { until } from "../support/until.ts";

/** A real sidecar with an identity of the mesh. */
async function sidecarOf(t: TestContext, identity: Identity, options: Partial<SidecarOptions> = {}) {
  const bus = options.bus ?? (await connectBus(identity.credentials, identity.service));
  const { mesh, service, instance, version } = identity;
  const said: string[] = [];
  const sidecar = await startSidecar({
    ...{ mesh, service, instance, version, bus, listen: { host: "127.0.0.1", port: 0 } },
    say: (_, message) => said.push(message),
    ...options,
  });
  t.after(async () => {
    await sidecar.close(0);
    await bus.close();
  });
  if (options.app) await until(() => sidecar.readiness().ready);
  await bus.flush();
  return { ...sidecar, said };
}

const NOTHING = Buffer.alloc(0);

for (const server of natsServers())
  test(`nats-server ${server.label}: sidecars under attack from within the mesh`, async (t) => {
    const mesh = await securedMesh(t, server);
    const [shop, orders, billing, evil] = [
      await mesh.instance("shop"),
      await mesh.instance("orders"),
      await mesh.instance("billing"),
      await mesh.instance("evil"),
    ];
    const seen: string[] = [];
    const appOf = (name: string) =>
      testApp(t, (request, response) => {
        seen.push(`${name} ${request.url} from ${request.headers["weft-caller"]}`);
        setTimeout(() => response.end(name), request.url === "/slow" ? 100 : 0);
      });
    const shopCar = await sidecarOf(t, shop);
    const ordersCar = await sidecarOf(t, orders, { app: await appOf("orders") });
    await sidecarOf(t, billing, { app: await appOf("billing") });
    const attacker = await mesh.connect(evil.credentials);

    await t.test("a call carries the caller's identity, whatever its headers claim", async () => {
      const headers = { "Weft-Caller": "admin", "weft-attempt": "9" };
      const answer = await ask(shopCar.listen, "orders.mesh", "/who", { headers });
      assert.equal(answer.text, "orders");
      assert.deepEqual(seen.splice(0), ["orders /who from shop"]);
    });

    await t.test("a sidecar is no deputy: it answers on no reply subject but the sender's own", async () => {
      const open = encodeOpen(Flag.last, 1, 1000, 1000, "GET /deputy\nHost: x\r\n", NOTHING);
      const replies = [
        "mesh.billing.any.orders",
        "mesh.billing.v-1.orders",
        "_R.shop.x.orders.y",
        "reg.hb.orders.x",
      ];
      for (const reply of replies) attacker.nc.publish("mesh.orders.any.evil", open, { reply });
      await until(() => ordersCar.said.some((line) => line.includes("not the sender's own")));
      await attacker.nc.flush();
      const answer = await ask(shopCar.listen, "billing.mesh", "/after");
      assert.equal(answer.status, 200);
      assert.deepEqual(seen.splice(0), ["billing /after from shop"]);
    });

    await t.test("nobody answers for another service, not even with the id of the call", async () => {
      // The attacker serves `evil`, so it learns ids of calls to itself: they share their random part with others.
      let learnt = "";
      const serving = attacker.nc.subscribe("mesh.evil.any.*", {
        queue: "evil",
        callback: (_, message) => {
          learnt = message.reply ?? "";
          message.respond(encodeHead(Flag.last, 200, 0, "e1\nOK\n", NOTHING));
        },
      });
      await attacker.nc.flush();
      assert.equal((await ask(shopCar.listen, "evil.mesh", "/bait")).status, 200);
      serving.unsubscribe();
      const slow = ask(shopCar.listen, "orders.mesh", "/slow");
      await until(() => seen.some((line) => line.includes("/slow")));
      const forged = encodeHead(Flag.last, 200, 0, "e1\nForged\n", NOTHING);
      const [, , , , id = ""] = learnt.split(".");
      const stem = id.slice(0, 24);
      for (let n = 0; n < 40; n++) {
        const tail = stem + n.toString(36);
        attacker.nc.publish(`_R.shop.${shop.instance}.orders.${tail}`, forged);
        attacker.nc.publish(`_R.shop.${shop.instance}.evil.${tail}`, forged);
      }
      assert.equal((await slow).text, "orders");
      assert.ok(attacker.refused.some((line) => line.startsWith(`publish _R.shop.${shop.instance}.orders.`)));
      seen.splice(0);
    });

    await t.test("frames for somebody else's call are taken from nobody but its caller", async () => {
      const replies: string[] = [];
      const slow = ask(shopCar.listen, "orders.mesh", "/slow");
      await until(() => seen.some((line) => line.includes("/slow")));
      const cancel = Buffer.from([0x17, 0, 0, 0, ...Buffer.from("cancelled\n")]);
      assert.equal(decode(cancel).kind, Kind.cancel);
      // Neither the reply subject of the call nor the caller's token is the attacker's to use.
      for (let n = 0; n < 20; n++)
        attacker.nc.publish(`mesh.orders.i-${orders.instance}.evil`, cancel, {
          reply: `_R.shop.${shop.instance}.orders.${n.toString(36)}`,
        });
      assert.equal((await slow).status, 200);
      assert.deepEqual(replies, []);
      seen.splice(0);
    });

    await t.test(
      "a callee that switches protocols unasked does not write the answer to the next call",
      async () => {
        const forged = Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged");
        const head = `e1\nSwitching\nupgrade: x\r\ncontent-length: ${forged.length}\r\n`;
        const hears = attacker.nc.subscribe("mesh.evil.any.*", {
          queue: "evil",
          callback: (_error, { reply }) =>
            void attacker.nc.publish(reply!, encodeHead(Flag.last | Flag.body, 101, 0, head, forged)),
        });
        await attacker.nc.flush();
        const answer = await ask(shopCar.listen, "evil.mesh", "/");
        assert.deepEqual([answer.status, answer.headers["weft-error"]], [502, "broken-stream"]);
        hears.unsubscribe();
      },
    );

    await t.test(
      "an upgrade is no way past what looks at requests, nor into the next call on the app's connection",
      async () => {
        const answers: string[] = [];
        attacker.nc.subscribe(`_R.evil.${evil.instance}.>`, {
          callback: (_error, { data }) => {
            const frame = decode(Buffer.from(data));
            answers.push(frame.kind === Kind.refuse ? frame.code : String(frame.kind));
          },
        });
        // The length of a body that is not sent: the app would take the head of the next call for it.
        const heads = ["upgrade: h2c", "upgrade: websocket, HTTP/2.0", "upgrade: x\r\ncontent-length: 60"];
        for (const [n, fields] of heads.entries())
          attacker.nc.publish(
            `mesh.orders.i-${orders.instance}.evil`,
            encodeOpen(
              Flag.upgrade | Flag.body,
              1,
              1000,
              1000,
              `GET /up\nhost: orders.mesh\r\n${fields}\r\n`,
              NOTHING,
            ),
            { reply: `_R.evil.${evil.instance}.orders.u${n}-${n}` },
          );
        await until(() => answers.length === heads.length);
        assert.deepEqual(answers, Array(heads.length).fill("bad-request"));
        for (let n = 0; n < 3; n++)
          assert.equal((await ask(shopCar.listen, "orders.mesh", `/next${n}`)).text, "orders");
        assert.deepEqual(
          seen.splice(0),
          [0, 1, 2].map((n) => `orders /next${n} from shop`),
        );
      },
    );

    await t.test("a caller that may not call a service is told 403 at once, and no app sees it", async () => {
      const { service, instance, version, nkey } = shop;
      const name = { service, instance, version, callees: { only: ["orders"] } };
      const jwt = await mintSidecar(mesh.granter.mint, name, nkey.publicKey, Date.now() + 60_000);
      const bus = await connectBus({ ...shop.credentials, jwt: () => jwt }, "narrowed");
      t.after(() => bus.close());
      const narrowed = await sidecarOf(t, shop, { bus });
      const startedAt = performance.now();
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => ask(narrowed.listen, "billing.mesh", "/secret")),
      );
      for (const answer of answers)
        assert.deepEqual([answer.status, answer.headers["weft-error"]], [403, "denied"]);
      assert.ok(performance.now() - startedAt < 4000, "none of them waited for a deadline");
      assert.deepEqual(seen, []);
    });
  });
