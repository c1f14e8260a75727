import type { TestContext } from "node:test";
import { joinMesh, type Membership } from "../../sidecar/join.ts";
import type { SidecarOptions } from "../../sidecar/options.ts";
import { type Sidecar, startSidecar } from "../../sidecar/sidecar.ts";
import type { Credentials } from "../../src/bus/credentials.ts";
import { startRegistry } from "../../src/control/start.ts";
import { type Authority, startAuthority } from "../../src/identity/authority/authority.ts";
import { enrol } from "../../src/identity/member/enrol.ts";
import { localToken } from "../../src/identity/member/request-token.ts";
import { securedMesh } from "./secured-mesh.ts";
import type { TestServer } from "./servers.ts";
import { until } from "./until.ts";

const ADMIN_TOKEN = "the-token-of-a-test";
const silentLog = { info() {}, warn() {}, error() {} };

export interface Member extends Sidecar {
  readonly membership: Membership;
  readonly said: readonly string[];
}

/** All of a mesh in one process: a broker with users, the authority, a registry that tells it of policy, and members. */
export async function governedMesh(t: TestContext, server: TestServer) {
  const secured = await securedMesh(t, server);
  const { state, brokers } = secured;
  const authorityOn = (port: number): Promise<Authority> =>
    startAuthority({ stateDir: state, host: "127.0.0.1", port, brokers });
  let authority = await authorityOn(0);
  const { url } = authority;
  t.after(() => authority.close());
  const credentials = secured.part("registry");
  const registry = await startRegistry({
    ...{ credentials, http: { port: 0 }, adminToken: ADMIN_TOKEN, log: silentLog },
    authorities: { urls: () => [url], tls: () => credentials.tls()! },
  });
  secured.broker.beforeEnd(() => registry.close());

  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" };
  // biome-ignore lint/suspicious/noExplicitAny: a field or two is looked at
  const get = async (path: string): Promise<any> =>
    (await fetch(`${registry.url}/v1/${path}`, { headers })).json();

  return {
    ...{ secured, registry, url, get },
    /** Applies resources, and resolves when every sidecar runs them. */
    async apply(...resources: object[]): Promise<void> {
      const body = JSON.stringify({ resources, allowUnknown: true });
      const answer = await fetch(`${registry.url}/v1/policy/apply`, { method: "POST", headers, body });
      if (!answer.ok) throw new Error(await answer.text());
      await until(async () => {
        const { sidecars } = await get("sidecars");
        return sidecars.every(({ lagging }: { lagging: boolean }) => !lagging);
      });
    },
    stopAuthority: () => authority.close(),
    async startAuthority() {
      authority = await authorityOn(Number(new URL(url).port));
    },
    /** A fresh instance with what the authority gives now, and no sidecar. */
    async granted(service: string): Promise<Credentials> {
      const token = await localToken(state, service, url);
      return (await enrol(token, { service, version: "1" })).credentials;
    },
    async join(service: string, options: Partial<SidecarOptions> = {}): Promise<Member> {
      const said: string[] = [];
      const membership = await joinMesh({
        ...{ service, version: "1", token: () => localToken(state, service, url) },
      });
      const { identity, bus } = membership;
      const sidecar = await startSidecar({
        ...{ mesh: identity.mesh, service, instance: identity.instance, version: "1", bus },
        ...{ listen: { host: "127.0.0.1", port: 0 }, guarded: identity.guarded },
        say: (level, message) => said.push(`${level}: ${message}`),
        ...options,
      });
      secured.broker.beforeEnd(async () => {
        await sidecar.close(0);
        await membership.close();
      });
      if (options.app) await until(() => sidecar.readiness().ready, { what: `${service} to be ready` });
      return { ...sidecar, membership, said };
    },
  };
}
