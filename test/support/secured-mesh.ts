import { join } from "node:path";
import type { TestContext } from "node:test";
import { type NatsConnection, PermissionViolationError } from "nats";
import { renderConfig } from "../../broker/config.ts";
import { openConnection } from "../../src/bus/connection.ts";
import type { Credentials } from "../../src/bus/credentials.ts";
import { type Granter, grant, loadGranter } from "../../src/identity/authority/grant.ts";
import { folderCredentials } from "../../src/identity/keys/folder-credentials.ts";
import { mintTap } from "../../src/identity/keys/mint.ts";
import { NKey } from "../../src/identity/keys/nkey.ts";
import type { PartName } from "../../src/identity/keys/spiffe-id.ts";
import { keyPem, newTlsKey } from "../../src/identity/keys/tls-key.ts";
import { Identity } from "../../src/identity/member/identity.ts";
import { bootstrap, type Trust } from "../../src/identity/trust/bootstrap.ts";
import { partFolder } from "../../src/identity/trust/parts.ts";
import { type TestBroker, testBroker } from "./broker.ts";
import type { TestServer } from "./servers.ts";
import { stateFolder } from "./state.ts";
import { until } from "./until.ts";

/** A connection as an attacker uses it: the plain client, any subject, and what the broker refused. */
export interface Client {
  readonly nc: NatsConnection;
  /** `publish a.b` or `subscription a.b`, as the broker named them. */
  readonly refused: readonly string[];
}

/** A real broker with the mesh's TLS and users. */
export interface SecuredMesh {
  readonly state: string;
  readonly trust: Trust;
  readonly granter: Granter;
  readonly broker: TestBroker;
  readonly brokers: readonly string[];
  /** A fresh instance, granted without the authority's process. */
  instance(service: string, version?: string): Promise<Identity>;
  part(name: PartName): Credentials;
  connect(credentials: Credentials): Promise<Client>;
}

export async function securedMesh(t: TestContext, server: TestServer): Promise<SecuredMesh> {
  const state = stateFolder(t);
  const trust = await bootstrap(state);
  const { tls } = trust;
  const place = { serverName: "test", host: "127.0.0.1", port: -1, dataDir: join(state, "nats") };
  const broker = await testBroker(t, { server, config: renderConfig({ ...place, trust, tls }) });
  const brokers = [`127.0.0.1:${broker.port}`];
  const granter = loadGranter(state, { brokers });
  return {
    ...{ state, trust, granter, broker, brokers },
    instance: (service, version) => grantedInstance(granter, service, version),
    part: (name) => folderCredentials(partFolder(state, name), brokers),
    connect: (credentials) => client(t, credentials),
  };
}

/** A fresh instance, granted without the authority's process. */
export async function grantedInstance(granter: Granter, service: string, version = "1"): Promise<Identity> {
  const [nkey, tlsKey] = [NKey.create("U"), newTlsKey()];
  const instance = nkey.publicKey.slice(1, 13).toLowerCase();
  const who = { service, instance, version, nkey: nkey.publicKey, tlsKey };
  return new Identity("https://127.0.0.1:1", nkey, keyPem(tlsKey), await grant(granter, who, Date.now()));
}

/** Of one tap of `orders`, granted without the authority's process; with the admin's certificate, as `weft tap` has it. */
export async function tapCredentials(
  mesh: SecuredMesh,
  id: string,
  expiresAt = Date.now() + 60_000,
): Promise<Credentials> {
  const key = NKey.create("U");
  const jwt = await mintTap(mesh.granter.mint, { id, service: "orders" }, key.publicKey, expiresAt);
  return { ...mesh.part("admin"), jwt: () => jwt, sign: (nonce) => key.sign(nonce) };
}

async function client(t: TestContext, credentials: Credentials): Promise<Client> {
  const nc = await openConnection(credentials, "attacker");
  t.after(() => nc.close());
  const refused: string[] = [];
  void (async () => {
    for await (const status of nc.status())
      if (status.type === "error" && status.error instanceof PermissionViolationError)
        refused.push(`${status.error.operation} ${status.error.subject}`);
  })();
  return { nc, refused };
}

/** Publishes, and waits for the broker's refusal. */
export async function publishRefused(
  { nc, refused }: Client,
  subject: string,
  reply?: string,
): Promise<void> {
  const before = refused.length;
  nc.publish(subject, "forged", reply === undefined ? {} : { reply });
  await until(() => refused.slice(before).includes(`publish ${subject}`), {
    what: `refusal of publish ${subject}`,
  });
}

/** Subscribes, and waits for the broker's refusal. */
export async function subscribeRefused(
  { nc, refused }: Client,
  subject: string,
  queue?: string,
): Promise<void> {
  const before = refused.length;
  nc.subscribe(subject, { callback: () => {}, ...(queue === undefined ? {} : { queue }) });
  await until(() => refused.slice(before).includes(`subscription ${subject}`), {
    what: `refusal of ${subject}`,
  });
}
