import assert from "node:assert/strict";
import { test } from "node:test";
import { connections } from "../../src/cli/check/broker-side.ts";
import { unlistedOf } from "../../src/cli/policy/access.ts";
import type { UpRecord } from "../../src/cli/up/record.ts";
import { openLedger } from "../../src/identity/records/records.ts";
import { securedMesh } from "../support/secured-mesh.ts";
import { natsServers } from "../support/servers.ts";

for (const server of natsServers())
  test(`nats-server ${server.label}: an instance with more connections than one process has is told of, and the mesh's own users are not`, async (t) => {
    const mesh = await securedMesh(t, server);
    const identity = await mesh.instance("orders");
    const { instance, nkey, jwtExpiresAt, certExpiresAt } = identity;
    openLedger(mesh.state).issued({
      ...{ service: "orders", instance, version: "1", nkey: nkey.publicKey, jwtExpiresAt, certExpiresAt },
      ...{ enrolledAt: 0, issuedAt: 0, admittedBy: "token t", address: "127.0.0.1" },
    });
    const here = { ...identity.credentials, servers: () => mesh.brokers };
    // Registries share a user, and people the admin's.
    for (let i = 0; i < 3; i++) await mesh.connect(mesh.part("registry"));
    for (let i = 0; i < 2; i++) await mesh.connect(here);
    const up = { broker: { urls: mesh.brokers } } as unknown as UpRecord;
    const ask = () => Promise.reject(new Error("the registry is not asked"));
    const found = () => connections.run({ state: mesh.state, up, ask, now: Date.now(), failBeforeMs: 0 });
    assert.deepEqual(
      (await found()).map(({ level }) => level),
      ["ok"],
    );
    await mesh.connect(here);
    const [finding] = await found();
    assert.equal(finding?.level, "warn");
    assert.match(finding.says, new RegExp(`^orders/${instance} has 3 connections`));
  });

test("whom the broker does not hold back is told in one line", () => {
  assert.equal(unlistedOf(undefined), undefined);
  assert.equal(unlistedOf({ kind: "told", revision: 1 }), undefined);
  const names = Array.from({ length: 12 }, (_, i) => `s${i}`);
  assert.match(
    unlistedOf({ kind: "told", unlisted: ["*", ...names] })!,
    /^the broker lets s0, .*, s9, 2 more, services that no rule names send to every service: .*over 40 kB/,
  );
});
