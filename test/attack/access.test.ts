import assert from "node:assert/strict";
import { test } from "node:test";
import { claimsIn } from "../../src/identity/keys/jwt.ts";
import { askAuthority } from "../../src/identity/member/authority-client.ts";
import { decode } from "../../src/protocol/decode.ts";
import { encodeOpen } from "../../src/protocol/encode.ts";
import { Flag, Kind } from "../../src/protocol/frame.ts";
import { meshWith, policyWith } from "../access/scene.ts";
import { ask } from "../support/ask.ts";
import { governedMesh } from "../support/governed-mesh.ts";
import { testApp } from "../support/mesh.ts";
import { publishRefused } from "../support/secured-mesh.ts";
import { natsServers } from "../support/servers.ts";
import { until } from "../support/until.ts";

const NOTHING = Buffer.alloc(0);
const ofOrders = { name: "orders", from: { services: ["orders"] } };
const publicOnly = {
  name: "public",
  from: { services: ["shop"] },
  to: [{ methods: ["GET"], paths: [{ value: "/public" }] }],
};

for (const server of natsServers())
  test(`nats-server ${server.label}: who may not call cannot, whatever it tries`, async (t) => {
    const mesh = await governedMesh(t, server);
    const seen: string[] = [];
    const app = await testApp(t, (request, response) => {
      const { "weft-caller": caller } = request.headers;
      const others = Object.keys(request.headers).filter((name) => /^weft.caller$/.test(name));
      seen.push(`${caller} ${request.method} ${request.url} ${others}`);
      response.end();
    });
    const payments = await mesh.join("payments", { app: { host: app.host, port: app.port } });
    const [orders, shop] = [await mesh.join("orders"), await mesh.join("shop")];
    const { instance } = payments.membership.identity;
    // An identity from before the policy, and a program of the attacker's own in place of the sidecar.
    const evil = await mesh.secured.instance("evil");
    const attacker = await mesh.secured.connect(evil.credentials);
    await mesh.apply(policyWith({ rules: [ofOrders, publicOnly] }));

    await t.test("a caller is who the broker says, not who its headers say", async () => {
      for (const name of ["weft-caller", "Weft-Caller", "weft_caller", "Weft_Caller", "WEFT-CALLER"]) {
        const headers = { [name]: "orders" };
        assert.equal((await ask(shop.listen, "payments.mesh", "/private", { headers })).status, 403, name);
        assert.equal(
          (await ask(orders.listen, "payments.mesh", "/private", { headers: { [name]: "admin" } })).status,
          200,
        );
        assert.deepEqual(seen.splice(0), ["orders GET /private weft-caller"]);
      }
    });

    await t.test("neither instance, version nor any address leads around the rules", async () => {
      const answers: string[] = [];
      attacker.nc.subscribe(`_R.evil.${evil.instance}.>`, {
        callback: (_, { data }) => {
          const frame = decode(Buffer.from(data));
          answers.push(frame.kind === Kind.refuse ? frame.code : `kind ${frame.kind}`);
        },
      });
      const targets = [`i-${instance}`, "v-1", "any"];
      for (const [n, target] of targets.entries())
        for (const head of ["GET /private\n", "GET /private\nweft-caller: orders\r\n"])
          attacker.nc.publish(
            `mesh.payments.${target}.evil`,
            encodeOpen(Flag.last, n, 1000, 1000, head, NOTHING),
            { reply: `_R.evil.${evil.instance}.payments.x${n}-${n}` },
          );
      await until(() => answers.length === 6);
      assert.deepEqual(answers, Array(6).fill("denied"));
      await publishRefused(attacker, `mesh.payments.i-${instance}.orders`);
      assert.deepEqual(seen, []);
    });

    await t.test("no way to write a path, and no method, leads around the rules", async () => {
      const paths = [
        ...[
          "/private",
          "/",
          "//private",
          "/public/../private",
          "/public/..%2fprivate",
          "/public/%2e%2e/private",
        ],
        ...["/public/..;/private", "/public;/../private", "/public%2f..%2fprivate", "/public/./../private"],
        ...[
          "/%70ublic/x",
          "/public%00/x",
          "/PUBLIC",
          "/publicity",
          "/public\\..\\private",
          "/public/%252e%252e/x",
        ],
        ...["/public/..%c0%af", "/public/%EF%BC%8E%EF%BC%8E/private", "/public//x", "/public/x/.."],
      ];
      for (const path of paths) {
        const { status } = await ask(shop.listen, "payments.mesh", path);
        assert.ok(status === 403 || status === 400, `${path}: ${status}`);
      }
      const post = await ask(shop.listen, "payments.mesh", "/public", { method: "POST" });
      const override = { headers: { "X-HTTP-Method-Override": "DELETE" } };
      const rewritten = { headers: { "X-Original-URL": "/private" } };
      for (const options of [override, rewritten])
        assert.equal((await ask(shop.listen, "payments.mesh", "/public", options)).status, 403);
      assert.deepEqual([post.status, seen], [403, []]);
      assert.equal((await ask(shop.listen, "payments.mesh", "/public/x?y=/../z")).status, 200);
      assert.deepEqual(seen.splice(0), ["shop GET /public/x?y=/../z weft-caller"]);
    });

    await t.test("no way to write a header field leads around a deny rule", async () => {
      const to = [{ headers: [{ name: "x-role", value: "admin" }] }];
      await mesh.apply(policyWith({ default: "allow", rules: [{ name: "no-admin", action: "deny", to }] }));
      const asked = async (headers: Record<string, string | string[]>) =>
        (await ask(shop.listen, "payments.mesh", "/", { headers: headers as Record<string, string> })).status;
      for (const [name, value] of [
        ["x-role", "admin"],
        ["x_role", "admin"],
        ["X_Role", "Admin"],
        ["x-role", "guest,admin"],
        ["x-role", "admin, guest"],
        ["x-role", 'guest, "admin"'],
        ["x-role", ["guest", "admin"]],
      ] as const)
        assert.equal(await asked({ [name]: value as string }), 403, `${name}: ${value}`);
      assert.equal(await asked({ "x-role": "guest", x_role: "admin" }), 403);
      assert.deepEqual(seen, []);
      assert.equal(await asked({ "x-role": "guest" }), 200);
      seen.splice(0);
    });

    await t.test(
      "the broker lets a caller send nothing to a service that never takes its calls",
      async () => {
        await mesh.apply(policyWith({ rules: [ofOrders] }));
        const { identity } = shop.membership;
        const denied = () => claimsIn(identity.credentials.jwt()!).nats.pub?.deny ?? [];
        await until(() => denied().includes("mesh.payments.*.shop"), {
          what: "the identity of shop to be renewed",
        });
        const stolen = await mesh.secured.connect(identity.credentials);
        for (const target of ["any", "v-1", `i-${instance}`])
          await publishRefused(stolen, `mesh.payments.${target}.shop`);
        const headers = { "x-request-id": "refused" };
        const answer = await ask(shop.listen, "payments.mesh", "/public", { headers });
        assert.deepEqual([answer.status, answer.headers["weft-error"]], [403, "denied"]);
        const { accounts } = await mesh.get("explain/refused");
        assert.deepEqual(
          accounts.map(({ access }: { access: string }) => access),
          ["refused by the broker: policy lets shop call nothing of payments"],
        );
        assert.equal((await ask(orders.listen, "payments.mesh", "/x")).status, 200);
        assert.deepEqual(seen.splice(0), ["orders GET /x weft-caller"]);
      },
    );

    await t.test("only the registry tells the authority who may call whom", async () => {
      const open = { lineage: "x", revision: 99, table: { default: "allow", callees: {} } };
      const tell = (tls: Parameters<typeof askAuthority>[2]) =>
        askAuthority(mesh.url, "/access", tls, () => open, "PUT");
      const { ca } = shop.membership.identity.tls;
      await assert.rejects(tell({ ca }), { code: "certificate-missing" });
      await assert.rejects(tell(shop.membership.identity.tls), { code: "not-registry" });
      await assert.rejects(tell(mesh.secured.part("admin").tls()!), { code: "not-registry" });
    });

    await t.test(
      "without the authority policy changes all the same, and the lag shows until it is back",
      async () => {
        await mesh.stopAuthority();
        await mesh.apply(policyWith({ rules: [ofOrders, publicOnly] }), meshWith({ default: "deny" }));
        assert.equal((await ask(orders.listen, "payments.mesh", "/y")).status, 200);
        const { authority } = await mesh.get("sidecars");
        assert.deepEqual([authority.kind, authority.revision], ["behind", 3]);
        await mesh.startAuthority();
        await until(async () => (await mesh.get("sidecars")).authority.kind === "told");
        const only = () => claimsIn(shop.membership.identity.credentials.jwt()!).nats.pub?.allow ?? [];
        await until(() => only().includes("mesh.payments.*.shop"), {
          what: "the identity of shop to be renewed",
        });
        assert.ok(!only().some((subject) => subject.startsWith("mesh.*")));
        await until(async () => (await ask(shop.listen, "payments.mesh", "/public")).status === 200);
        // Whoever joins now gets no more, and says whether it is one to be guarded.
        const late = await mesh.join("late", { app: { host: app.host, port: app.port } });
        assert.equal(late.membership.identity.guarded, true);
        const client = await mesh.secured.connect(late.membership.identity.credentials);
        await publishRefused(client, "mesh.payments.any.late");
      },
    );

    await t.test(
      "who may be called by nobody fills nobody's inbox, and who is allowed is heard",
      async () => {
        const late = await mesh.secured.connect(await mesh.granted("late"));
        for (const member of [orders, shop, payments]) {
          const { service, instance } = member.membership.identity;
          await publishRefused(late, `_R.${service}.${instance}.late.x-0`);
        }
        const stolen = await mesh.secured.connect(await mesh.granted("payments"));
        await publishRefused(stolen, `_R.late.${instance}.payments.x-0`);

        // The callee can answer before the caller can send: no call is served and then waits for an answer.
        await mesh.apply({ ...policyWith({ rules: [publicOnly] }), metadata: { name: "late" } });
        const answers = new Set<string>();
        await until(async () => {
          const { status, headers } = await ask(shop.listen, "late.mesh", "/public");
          answers.add(`${status} ${headers["weft-error"]}`);
          return status === 200;
        });
        assert.deepEqual([...answers], ["403 denied", "200 undefined"]);
      },
    );
  });
