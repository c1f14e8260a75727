import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Kvm } from "@nats-io/kv";
import { connect, credsAuthenticator } from "nats";
import { bootstrap, PART_LIFE_MS } from "../../src/identity/bootstrap.ts";
import { partFolder } from "../../src/identity/parts.ts";
import { securedMesh } from "../support/secured-mesh.ts";
import { natsServers } from "../support/servers.ts";

for (const server of natsServers())
  test(`the mesh's own users on nats-server ${server.label}`, async (t) => {
    const mesh = await securedMesh(t, server);

    await t.test("the store has its KV buckets, in an account of its own", async () => {
      const { nc, refused } = await mesh.connect(mesh.part("registry-store"));
      const kv = await new Kvm(nc).create("weft", { history: 1 });
      await kv.put("key", "value");
      assert.equal((await kv.get("key"))?.string(), "value");
      await kv.delete("key");
      assert.deepEqual(refused, []);
    });

    await t.test("the system user sees the server", async () => {
      const { nc } = await mesh.connect(mesh.part("system"));
      const answer = await nc.request("$SYS.REQ.SERVER.PING", "", { timeout: 3000 });
      assert.equal(answer.json<{ server: { name: string } }>().server.name, "test");
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
