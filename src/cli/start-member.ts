import { join } from "node:path";
import type { GatewayOptions } from "../../sidecar/gateway/options.ts";
import { joinMesh, type Membership } from "../../sidecar/join.ts";
import type { AppAddress } from "../../sidecar/life/health.ts";
import type { Say } from "../../sidecar/options.ts";
import { type Sidecar, startSidecar } from "../../sidecar/sidecar.ts";
import { Fault } from "./fault.ts";
import { lockFolder } from "./lock-folder.ts";
import { type MemberFlags, optionsFrom, type SidecarFlags } from "./sidecar-flags.ts";
import { tokenSource } from "./token-source.ts";

export interface Member {
  readonly membership: Membership;
  readonly sidecar: Sidecar;
  /** Closes both; answers under way get `graceMs`. */
  close(graceMs: number): Promise<void>;
}

export interface MemberOptions {
  readonly app: AppAddress | undefined;
  /** Where the identity is kept; nowhere when absent. */
  readonly folder: string | undefined;
  readonly say: Say;
  readonly accessLog: "stdout" | "stderr";
  readonly gateway?: GatewayOptions;
}

/** Joins the mesh and starts the sidecar, as the flags say. */
export async function startMember(
  service: string,
  flags: MemberFlags & Partial<SidecarFlags>,
  { app, folder, say, accessLog, gateway }: MemberOptions,
): Promise<Member> {
  const { version, state } = flags;
  const unlock = folder === undefined ? () => {} : lockIdentity(folder);
  let membership: Membership | undefined;
  let failed = false;
  try {
    membership = await joinMesh({
      ...tokenSource(flags, service),
      ...{ service, version, folder, say },
    });
    const { identity, bus, expiry, close: leaveMesh } = membership;
    const sidecar = await startSidecar({
      ...optionsFrom(flags, accessLog),
      ...{ mesh: identity.mesh, service, instance: identity.instance, version, bus, expiry },
      guarded: identity.guarded,
      say: (...line) => failed || say(...line),
      policyFolder: folder ?? join(state, "policy", service),
      ...(app && { app }),
      ...(gateway && { gateway }),
    });
    const close = async (graceMs: number) => {
      await sidecar.close(graceMs);
      await leaveMesh();
      unlock();
    };
    return { membership, sidecar, close };
  } catch (error) {
    failed = true; // that the bus is closed now is no news
    await membership?.close();
    unlock();
    throw error;
  }
}

/** Two sidecars with one identity would take each other's frames. */
const lockIdentity = (folder: string): (() => void) =>
  lockFolder(
    folder,
    "identity.lock",
    (pid) =>
      new Fault(
        `the identity in ${folder} is in use (process ${pid})`,
        "stop that one, or give this one another folder with --identity DIR",
      ),
  );

/** Where a running sidecar is reached, for people and for programs. */
export interface Addresses {
  readonly service: string;
  readonly version: string;
  readonly instance: string;
  /** What HTTP_PROXY is set to. */
  readonly proxy: string;
  readonly admin?: string;
  /** By service, as in `--upstream`. */
  readonly upstreams: Readonly<Record<string, string>>;
}

export function addressesOf({ membership, sidecar }: Member, flags: SidecarFlags): Addresses {
  const { service, instance } = membership.identity;
  const upstreams = (flags.upstream ?? []).map(({ service: to, version }, i) => [
    version === undefined ? to : `v${version}.${to}`,
    `http://${sidecar.upstreams[i]}`,
  ]);
  return {
    ...{ service, version: flags.version, instance, proxy: `http://${sidecar.listen}` },
    ...(sidecar.admin === undefined ? {} : { admin: `http://${sidecar.admin}` }),
    upstreams: Object.fromEntries(upstreams),
  };
}

/** `ready orders version=1 instance=… proxy=http://…`: one line, easy to read and to cut. */
export function readyLine({ service, upstreams, ...rest }: Addresses): string {
  const words = Object.entries({ ...rest, ...upstreams }).map(([key, value]) => `${key}=${value}`);
  return ["ready", service, ...words].join(" ");
}
