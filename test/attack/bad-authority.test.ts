import assert from "node:assert/strict";
import { test } from "node:test";
import { pushClaims } from "../../src/bus/claims.ts";
import { openConnection } from "../../src/bus/connection.ts";
import { accountJwt, userJwt } from "../../src/identity/keys/jwt.ts";
import { NKey } from "../../src/identity/keys/nkey.ts";
import { loadRoots } from "../../src/identity/trust/roots.ts";
import { securedMesh } from "../support/secured-mesh.ts";
import { natsServers } from "../support/servers.ts";
import { until } from "../support/until.ts";

for (const server of natsServers())
  test(`nats-server ${server.label}: who has the authority's keys can be any service, and no more`, async (t) => {
    const mesh = await securedMesh(t, server);
    const { accounts } = loadRoots(mesh.state);
    const { credentials, nkey } = await mesh.instance("orders");
    const { signer } = mesh.granter.mint;
    const everything = { pub: [">"], sub: [">"] };
    const forged = async (account: string, by = signer) => {
      const jwt = await userJwt({
        ...{ name: "orders", publicKey: nkey.publicKey, account, signer: by, permissions: everything },
        expiresAt: Date.now() + 60_000,
      });
      return openConnection({ ...credentials, jwt: () => jwt }, "forged");
    };

    await t.test(
      "it can make a user of the mesh that hears all: this is what it must be kept safe for",
      async () => {
        await (await forged(accounts.MESH.publicKey)).close();
      },
    );

    await t.test("it makes no user of the accounts of the registry's store and of the system", async () => {
      for (const name of ["REG", "SYS"] as const)
        await assert.rejects(forged(accounts[name].publicKey), { name: "BusError" }, name);
    });

    await t.test(
      "what it signs as an account's JWT changes nothing, though a broker says that it took it",
      async () => {
        const planted = NKey.create("A");
        const claims = { name: "MESH", account: accounts.MESH.publicKey, signingKeys: [planted.publicKey] };
        // As the system user, whose key the authority does not have.
        await pushClaims(mesh.part("system"), await accountJwt(signer, claims));
        await until(() => mesh.broker.log().includes("account validation failed"));
        await assert.rejects(forged(accounts.MESH.publicKey, planted), { name: "BusError" });
        await (await openConnection(credentials, "orders")).close();
      },
    );
  });
