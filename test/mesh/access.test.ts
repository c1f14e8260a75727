import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { SidecarOptions } from "../../sidecar/options.ts";
import { startSidecar } from "../../sidecar/sidecar.ts";
import { decode } from "../../src/protocol/decode.ts";
import { encodeOpen } from "../../src/protocol/encode.ts";
import { Flag, Kind } from "../../src/protocol/frame.ts";
import type { Subject } from "../../src/subjects/subjects.ts";
import { meshWith } from "../access/scene.ts";
import { ask } from "../support/ask.ts";
import { testApp } from "../support/mesh.ts";
import { value } from "../support/metrics.ts";
import { policy, routedMesh } from "../support/routed-mesh.ts";
import { natsServers } from "../support/servers.ts";
import { stateFolder } from "../support/state.ts";
import { type SigningKey, signingKey, tokenOf } from "../support/token-issuer.ts";
import { until } from "../support/until.ts";

const byOrders = {
  name: "orders-charge",
  from: { services: ["orders"] },
  to: [{ methods: ["POST"], paths: [{ value: "/charge" }] }],
};
const noAdmin = { name: "no-admin", action: "deny", to: [{ paths: [{ value: "/admin" }] }] };

for (const server of natsServers())
  test(`nats-server ${server.label}: who may call what is decided at the callee, at once`, async (t) => {
    const mesh = await routedMesh(t, { server });
    const payments = await mesh.echo("payments");
    const [orders, shop] = [await mesh.caller("orders"), await mesh.caller("shop")];
    await until(async () => {
      const { sidecars } = await mesh.get("sidecars");
      return new Set(sidecars.map(({ service }: { service: string }) => service)).size === 3;
    });
    const call = async (from: typeof orders, path: string, options: Parameters<typeof ask>[3] = {}) =>
      ask(from.listen, "payments.mesh", path, options);
    const status = async (...args: Parameters<typeof call>) => (await call(...args)).status;
    const post = { method: "POST" };

    await t.test("rules are enforced, and a denial says neither rule nor policy", async () => {
      await mesh.apply(policy("payments", { authorization: { rules: [byOrders, noAdmin] } }));
      const seen = payments.seen.length;
      assert.equal(await status(orders, "/charge", post), 200);
      const answer = await call(shop, "/charge", { ...post, headers: { "x-request-id": "denied-1" } });
      assert.deepEqual([answer.status, answer.headers["weft-error"]], [403, "denied"]);
      assert.doesNotMatch(`${answer.text} ${JSON.stringify(answer.headers)}`, /orders-charge|default|rule/);
      assert.match(answer.text, /payments does not allow this call of shop/);
      for (const [path, options] of [
        ["/charge", {}],
        ["/admin", post],
        ["/other", post],
      ] as const)
        assert.equal(await status(orders, path, options), 403, path);
      assert.equal(payments.seen.length, seen + 1);
    });

    await t.test("it is counted and told with the rule, on the callee's side", async () => {
      const metrics = await (await fetch(`http://${payments.sidecar.admin}/metrics`)).text();
      const count = (weft_caller: string, rule: string) =>
        value(metrics, "weft_denied_total", { weft_caller, rule, mode: "enforce" });
      assert.deepEqual([count("shop", "(default)"), count("orders", "no-admin")], [1, 1]);
      assert.match(payments.sidecar.said.join("\n"), /denied POST \/admin of orders by no-admin/);
      const { accounts } = await mesh.get("explain/denied-1");
      const told = accounts.map(({ side, access }: { side: string; access?: string }) => [side, access]);
      assert.deepEqual(told.sort(), [
        ["client", undefined],
        ["server", "denied by (default)"],
      ]);
    });

    await t.test("in shadow all is let through, and what would be denied is counted", async () => {
      await mesh.apply(policy("payments", { authorization: { mode: "shadow", rules: [byOrders, noAdmin] } }));
      assert.deepEqual([await status(shop, "/x"), await status(orders, "/admin", post)], [200, 200]);
      const metrics = await (await fetch(`http://${payments.sidecar.admin}/metrics`)).text();
      for (const [weft_caller, rule] of [
        ["shop", "(default)"],
        ["orders", "no-admin"],
      ] as const)
        assert.equal(value(metrics, "weft_denied_total", { weft_caller, rule, mode: "shadow" }), 1);
    });

    await t.test("a change acts at once, also one of the mesh's default", async () => {
      for (const [resource, expected] of [
        [policy("payments", {}), 200],
        [meshWith({ default: "deny" }), 403],
        [policy("payments", { authorization: { default: "allow" } }), 200],
        [policy("payments", { authorization: { rules: [noAdmin] } }), 403],
      ] as const) {
        assert.equal((await mesh.post("apply", { resources: [resource] })).status, 200);
        await until(async () => (await status(shop, "/x")) === expected, { what: `the answer ${expected}` });
      }
      await mesh.post("delete", { resources: [{ kind: "MeshPolicy", name: "mesh" }] });
      await until(async () => (await status(shop, "/x")) === 200);
    });

    await t.test("so does its end, also when the mesh's default has changed since it came", async () => {
      const becomes = (expected: number) =>
        until(async () => (await status(shop, "/x")) === expected, { what: `the answer ${expected}` });
      await mesh.apply(policy("payments", { authorization: { default: "deny" } }));
      await becomes(403);
      await mesh.apply(meshWith({ default: "allow" }));
      await mesh.post("delete", { resources: [{ kind: "ServicePolicy", name: "payments" }] });
      await becomes(200);
      await mesh.post("delete", { resources: [{ kind: "MeshPolicy", name: "mesh" }] });
    });

    await t.test(
      "a rule asks for a claim of the end user, which only a verified token can have",
      async () => {
        const [login, forger] = [signingKey("k1", "ES256"), signingKey("k1", "ES256")];
        const issuer = "https://login.example.com/";
        const authentication = {
          required: false,
          providers: [{ name: "login", issuer, audiences: ["payments"], jwks: { keys: [login.jwk] } }],
        };
        const staff = { name: "staff", claims: [{ name: "role", values: ["staff"] }] };
        await mesh.apply(policy("payments", { authentication, authorization: { rules: [staff] } }));
        const bearing = (key: SigningKey, role: string) => {
          const now = Math.floor(Date.now() / 1000);
          const claims = { iss: issuer, aud: "payments", sub: "ada", iat: now, exp: now + 60, role };
          return { headers: { authorization: `Bearer ${tokenOf(key, claims)}` } };
        };
        assert.equal(await status(shop, "/x", bearing(login, "staff")), 200);
        assert.equal(await status(shop, "/x", bearing(login, "guest")), 403);
        assert.equal(await status(shop, "/x"), 403);
        assert.equal(await status(shop, "/x", bearing(forger, "staff")), 401);
        assert.equal(await status(shop, "/x", { headers: { "x-role": "staff", role: "staff" } }), 403);
      },
    );

    await t.test(
      "while no registry is there, an instance starts with the policy last known, or not at all if it is guarded",
      async (t) => {
        const policyFolder = stateFolder(t);
        const app = await testApp(t, (_, response) => response.end("it"));
        const first = await mesh.serve("ledger", app, { policyFolder });
        await mesh.apply(policy("ledger", { authorization: { rules: [byOrders] } }));
        await until(() => existsSync(join(policyFolder, "policy.json")));
        await first.close(0);
        await mesh.stopRegistry();
        const start = (service: string, options: Partial<SidecarOptions>) =>
          startSidecar({
            ...{ mesh: "mesh", service, version: "1", bus: first.bus },
            ...{ listen: { host: "127.0.0.1", port: 0 }, app, instance: `late-${service}` },
            ...options,
          });
        const known = await start("ledger", { policyFolder });
        t.after(() => known.close(0));
        await until(() => known.readiness().ready);
        const to = async (service: string, from: typeof orders) =>
          (await ask(from.listen, `${service}.mesh`, "/charge", post)).status;
        assert.deepEqual([await to("ledger", orders), await to("ledger", shop)], [200, 403]);

        const guarded = await start("vault", { guarded: true });
        t.after(() => guarded.close(0));
        await until(() => guarded.readiness().reasons.includes("its policy is not known yet"));
        assert.equal(await to("vault", orders), 503);
        const answers: string[] = [];
        orders.bus.subscribe("_R.orders.x.>" as Subject, undefined, ({ data }) => {
          const frame = decode(data);
          answers.push(frame.kind === Kind.refuse ? frame.code : `kind ${frame.kind}`);
        });
        const open = encodeOpen(Flag.last, 1, 1000, 1000, "GET /\n", Buffer.alloc(0));
        orders.bus.send("mesh.vault.i-late-vault.orders" as Subject, open, "_R.orders.x.vault.y" as Subject);
        await until(() => answers.length > 0);
        assert.deepEqual(answers, ["no-instance"]);

        const unguarded = await start("shelf", {});
        t.after(() => unguarded.close(0));
        await until(() => unguarded.readiness().ready);
        assert.equal(await to("shelf", shop), 200);
      },
    );
  });
