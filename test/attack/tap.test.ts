import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { openConnection } from "../../src/bus/connection.ts";
import { startAuthority } from "../../src/identity/authority/authority.ts";
import { claimsIn } from "../../src/identity/keys/jwt.ts";
import { NKey } from "../../src/identity/keys/nkey.ts";
import { needSecret } from "../../src/identity/keys/secret-files.ts";
import { askAuthority } from "../../src/identity/member/authority-client.ts";
import { requestTap } from "../../src/identity/member/request-tap.ts";
import type { AuditEntry } from "../../src/identity/records/audit.ts";
import { auditFolder } from "../../src/identity/records/records.ts";
import { verifyAudit } from "../../src/identity/records/verify-audit.ts";
import { bootstrap } from "../../src/identity/trust/bootstrap.ts";
import { partFolder } from "../../src/identity/trust/parts.ts";
import { registry } from "../../src/subjects/subjects.ts";
import { publishRefused, securedMesh, subscribeRefused, tapCredentials } from "../support/secured-mesh.ts";
import { natsServers } from "../support/servers.ts";
import { stateFolder } from "../support/state.ts";
import { until } from "../support/until.ts";

for (const server of natsServers()) {
  test(`nats-server ${server.label}: a sidecar can neither start nor read a tap, nor tell for another`, async (t) => {
    const mesh = await securedMesh(t, server);
    const orders = await mesh.instance("orders");
    const evil = await mesh.connect(orders.credentials);
    const ear = await mesh.connect(await tapCredentials(mesh, "a1"));
    const heard: string[] = [];
    ear.nc.subscribe(registry.everyTapped("a1", "orders"), {
      callback: (_, m) => void heard.push(m.subject),
    });
    await ear.nc.flush();

    await publishRefused(evil, registry.tapEvent);
    for (const subject of ["reg.tap.>", "reg.tap.a1.orders.*", registry.tap("a1", "orders", orders.instance)])
      await subscribeRefused(evil, subject);
    for (const [service, instance] of [
      ["billing", "b1"],
      ["orders", "sibling"],
    ] as const)
      await publishRefused(evil, registry.tap("a1", service, instance));
    evil.nc.publish(registry.tap("a1", "orders", orders.instance));
    await until(() => heard.length > 0);
    assert.deepEqual(heard, [registry.tap("a1", "orders", orders.instance)]);
  });

  test(`nats-server ${server.label}: who taps hears that tap alone, says nothing, and is cut off on time`, async (t) => {
    const mesh = await securedMesh(t, server);
    const credentials = await tapCredentials(mesh, "a1", Date.now() + 4000);
    const ear = await mesh.connect(credentials);
    for (const subject of [
      ...[">", "reg.tap.>", "reg.tap.*.orders.*", "reg.tap.a1.*.*", "reg.tap.a1.billing.*"],
      ...["reg.tap.a2.orders.*", "reg.ev.>", "mesh.orders.any.*", "_INBOX.>", "_R.>"],
    ])
      await subscribeRefused(ear, subject);
    for (const subject of ["mesh.orders.any.shop", "reg.ev.tap", "reg.tap.a1.orders.o1", "_INBOX.x", "any"])
      await publishRefused(ear, subject);
    let cut = false;
    void (async () => {
      for await (const { type } of ear.nc.status()) cut ||= type === "disconnect";
    })();
    await until(() => cut, { what: "the tap to be cut off", withinMs: 15_000 });
    // The second at which it ends may still be good for a new connection, which is cut off at once as well.
    const isRefused = () =>
      openConnection(credentials, "late").then(
        async (late) => void (await late.close()),
        ({ name }: Error) => name === "BusError",
      );
    await until(isRefused, { what: "a new connection to be refused" });
  });
}

test("the authority grants a tap to the admin alone, for an hour at most, and writes down what was asked", async (t) => {
  const state = stateFolder(t);
  await bootstrap(state);
  const brokers = ["127.0.0.1:1"];
  const authority = await startAuthority({ stateDir: state, host: "127.0.0.1", port: 0, brokers });
  t.after(() => authority.close());
  const asked = {
    service: "orders",
    side: "server",
    where: "status >= 500",
    bodyBytes: 4096,
    forMs: 60_000,
  } as const;
  const { id, expiresAt, credentials } = await requestTap(state, authority.url, brokers, asked);
  const { exp, nats, sub } = claimsIn(credentials.jwt()!);
  assert.ok(expiresAt - Date.now() <= 61_000 && exp! * 1000 <= expiresAt);
  assert.deepEqual([nats.pub, nats.sub?.allow], [{ allow: [], deny: [">"] }, [`reg.tap.${id}.orders.*`]]);

  const entries: AuditEntry[] = [];
  const audit = () => {
    entries.length = 0;
    verifyAudit(auditFolder(state), { visit: (entry) => void entries.push(entry) });
    return entries.at(-1)!;
  };
  const { event, where, bodyBytes, service, by, nkey } = audit();
  assert.deepEqual(
    { event, where, bodyBytes, service, by, nkey },
    {
      ...{ event: "tap", where: "status >= 500", bodyBytes: 4096, service: "orders", by: "admin" },
      nkey: sub,
    },
  );

  const folder = partFolder(state, "registry");
  const read = (file: string) => needSecret(join(folder, file), "");
  const other = { ca: read("ca.crt"), cert: read("tls.crt"), key: read("tls.key") };
  const wanted = { ...asked, nkey: NKey.create("U").publicKey };
  const refused = async (code: string, tls: Parameters<typeof askAuthority>[2], body: object) =>
    assert.rejects(
      askAuthority(authority.url, "/taps", tls, () => body),
      { name: "AuthorityError", code },
    );
  await refused("not-admin", other, wanted);
  await refused("certificate-missing", { ca: other.ca }, wanted);
  const admin = (change: object) => requestTap(state, authority.url, brokers, { ...asked, ...change });
  for (const bad of [{ forMs: 3_600_001 }, { service: "*" }, { service: "registry" }, { where: "a\nb" }])
    await assert.rejects(admin(bad), { code: "bad-request" }, JSON.stringify(bad));
  assert.equal(audit().event, "refused");
  assert.equal(entries.filter((entry) => entry.event === "tap").length, 1);
});
