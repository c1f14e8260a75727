import type { TestContext } from "node:test";
import { joinMesh } from "../../sidecar/join.ts";
import type { SidecarOptions } from "../../sidecar/options.ts";
import { type Sidecar, startSidecar } from "../../sidecar/sidecar.ts";
import { localToken } from "../../src/identity/member/request-token.ts";
import { until } from "./until.ts";

/**
 * An instance with an identity of its own in the mesh of a state folder, as `weft sidecar` makes one, but in this process;
 * it leaves when the test ends.
 * @param authority `https://host:port`
 */
export async function joined(
  t: TestContext,
  { state, authority }: { readonly state: string; readonly authority: string },
  service: string,
  options: Partial<SidecarOptions> = {},
): Promise<Sidecar> {
  const { version = "1" } = options;
  const membership = await joinMesh({
    ...{ service, version, token: () => localToken(state, service, authority) },
  });
  const { identity, bus, expiry } = membership;
  const sidecar = await startSidecar({
    ...{ mesh: identity.mesh, service, instance: identity.instance, version, bus, expiry },
    ...{ listen: { host: "127.0.0.1", port: 0 }, admin: { host: "127.0.0.1", port: 0 } },
    guarded: identity.guarded,
    ...options,
  });
  t.after(async () => {
    await sidecar.close(0);
    await membership.close();
  });
  if (options.app) await until(() => sidecar.readiness().ready, { what: `${service} to be ready` });
  return sidecar;
}
