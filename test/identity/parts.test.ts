import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { connect, credsAuthenticator } from "nats";
import { openKv } from "../../src/bus/kv.ts";
import { bootstrap, PART_LIFE_MS } from "../../src/identity/trust/bootstrap.ts";
import { partFolder } from "../../src/identity/trust/parts.ts";
import { securedMesh } from "../support/secured-mesh.ts";
import { natsServers } from "../support/servers.ts";
import { until } from "../support/until.ts";

for (const server of natsServers())
  test(`the mesh's own users on nats-server ${server.label}`, async (t) => {
    const mesh = await securedMesh(t, server);

    await t.test(
      "the store does all that it does on its own two buckets, in an account of its own",
      async () => {
        for (const bucket of ["mesh-registry", "mesh-policy"]) {
          const kv = await openKv(mesh.part("registry-store"), bucket, "store", { history: 8 });
          let changes = 0;
          const stop = await kv.watch("key", () => changes++);
          await kv.put("key", Buffer.from("1"));
          const { revision } = (await kv.get("key"))!;
          await kv.update("key", Buffer.from("2"), revision);
          assert.equal(await kv.update("key", Buffer.from("3"), revision), undefined);
          await kv.delete("key");
          assert.equal((await kv.history("key")).length, 3);
          assert.equal((await kv.entries()).size, 0);
          assert.equal(await kv.lastRevision(), 3);
          await until(() => changes === 3);
          stop();
          await kv.close();
        }
      },
    );

    await t.test("the system user sees the servers and who is connected to them", async () => {
      const { nc } = await mesh.connect(mesh.part("system"));
      for (const what of ["", ".CONNZ"]) {
        const answer = await nc.request(`$SYS.REQ.SERVER.PING${what}`, "", { timeout: 3000 });
        assert.equal(answer.json<{ server: { name: string } }>().server.name, "test");
      }
    });

    await t.test("any NATS tool works with the admin's files: creds, certificate, key and CA", async () => {
      const file = (name: string) => join(partFolder(mesh.state, "admin"), name);
      const nc = await connect({
        servers: `tls://localhost:${mesh.broker.port}`,
        authenticator: credsAuthenticator(readFileSync(file("user.creds"))),
        tls: { certFile: file("tls.crt"), keyFile: file("tls.key"), caFile: file("ca.crt") },
      });
      await assert.rejects(nc.request("$SRV.PING", "", { timeout: 1000 }), /no responders/);
      await nc.close();
    });

    await t.test("what a later start renews is used at the next connect, without a new object", async () => {
      const credentials = mesh.part("registry");
      const before = credentials.jwt();
      await bootstrap(mesh.state, { now: Date.now() + PART_LIFE_MS * 0.6 });
      assert.notEqual(credentials.jwt(), before);
    });
  });
