import assert from "node:assert/strict";
import { Agent } from "node:http";
import { test } from "node:test";
import { pushClaims } from "../../src/bus/claims.ts";
import { openConnection } from "../../src/bus/connection.ts";
import { accountJwt } from "../../src/identity/keys/jwt.ts";
import { operatorKey } from "../../src/identity/trust/mesh-account.ts";
import { loadRoots } from "../../src/identity/trust/roots.ts";
import { testApp } from "../support/mesh.ts";
import { securedMesh } from "../support/secured-mesh.ts";
import { natsServers } from "../support/servers.ts";
import { until } from "../support/until.ts";
import { calls, connectionsOf, sidecarOf, stolenFrom, thief } from "./flood-scene.ts";

for (const server of natsServers())
  test(`nats-server ${server.label}: a thief who takes all connections of the mesh ends no call, and who revokes him still gets in`, async (t) => {
    const mesh = await securedMesh(t, server);
    const [shop, orders, evil] = [
      await mesh.instance("shop"),
      await mesh.instance("orders"),
      await mesh.instance("evil"),
    ];
    const caller = await sidecarOf(t, shop);
    await sidecarOf(t, orders, await testApp(t, (_, response) => response.end("ok")));
    const system = await mesh.connect(mesh.part("system"));
    const agent = new Agent({ keepAlive: true });
    t.after(() => agent.destroy());

    const { publicKey: account } = loadRoots(mesh.state).accounts.MESH;
    const operator = operatorKey(mesh.state);
    const claims = { name: "MESH", account, signingKeys: [mesh.granter.mint.signer.publicKey] };
    const push = async (more: { connections?: number; revocations?: Record<string, number> }) => {
      const [answer] = await pushClaims(
        mesh.part("system"),
        await accountJwt(operator, { ...claims, ...more }),
      );
      assert.equal(answer?.accepted, true);
    };
    await push({ connections: 30 });
    const { times } = await thief(t, stolenFrom(mesh, evil), "connect");
    await until(() => times("refused") > 0, { withinMs: 20_000 });
    await assert.rejects(openConnection(shop.credentials, "renewal"), { name: "BusError" });
    await calls(caller.listen, agent, 500);
    assert.ok((await connectionsOf(system, evil)).length > 20, "and one sees whose they are");
    await push({ connections: 30, revocations: { [evil.nkey.publicKey]: Math.ceil(Date.now() / 1000) } });
    const renewed = () =>
      caller.bus.renew().then(
        () => true,
        () => false,
      );
    await until(renewed, { what: "room for an honest connection" });
    await calls(caller.listen, agent, 500);
  });
