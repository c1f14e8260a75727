import type { Credentials } from "../bus/credentials.ts";
import { type Kv, type KvOptions, openKv } from "../bus/kv.ts";
import { connectBus } from "../bus/nats-bus.ts";
import { type Clock, systemClock } from "../registry/clock.ts";
import type { Log } from "../registry/drops.ts";
import type { HttpOptions } from "../registry/http/server.ts";
import { type ExtensionParts, type RunningRegistry, runRegistry } from "../registry/start.ts";
import { KvStore } from "../registry/store/kv-store.ts";
import { MemoryStore } from "../registry/store/memory-store.ts";
import { Subjects } from "../subjects/subjects.ts";
import { type AuthoritiesOptions, authoritiesAt } from "./access/authorities.ts";
import { type PolicyExtension, policyExtension } from "./extension.ts";
import { KvPolicyStore } from "./store/kv-store.ts";
import { MemoryPolicyStore } from "./store/memory-store.ts";
import { KEPT } from "./store/store.ts";

export interface RegistryOptions {
  /** Of the user `registry`, in the mesh's account. */
  readonly credentials: Credentials;
  /** Of the user `registry-store`, in the account with JetStream; without it nothing outlives the registry. */
  readonly storeCredentials?: Credentials;
  /** The mesh's name, `mesh` by default. */
  readonly mesh?: string;
  /** Copies of what is kept: 1 by default, 3 in a cluster. */
  readonly replicas?: number;
  /** Who is told who may call whom; nobody when absent, and then the callees alone enforce it. */
  readonly authorities?: AuthoritiesOptions;
  readonly http: HttpOptions;
  /** What who changes policy must know; see `openAdminToken`. */
  readonly adminToken: string;
  readonly log: Log;
  /** The machine's by default. */
  readonly clock?: Clock;
}

export interface MeshRegistry extends RunningRegistry {
  /** Opens its connections to the broker anew with the present credentials; nothing is lost of what comes in. */
  renew(): Promise<void>;
  /**
   * Has new calls wait, for a restart of the broker; resolves when nothing is under way any more, or when the time for
   * that is over. @returns how many sidecars are not quiet then
   */
  pause(): Promise<number>;
  /** Ends a pause once everybody is back, or when its time is over. @returns how many are not back then */
  resume(): Promise<number>;
}

/**
 * Starts a registry with everything it does: it tracks instances, keeps the policy, tells sidecars of both, and
 * answers HTTP and discovery. It holds no signing key.
 * @throws BusError when the broker is away at the start (later it may come and go), HttpApiError, NameError
 */
export async function startRegistry(options: RegistryOptions): Promise<MeshRegistry> {
  const { credentials, mesh = "mesh", authorities, http, adminToken, log, clock = systemClock } = options;
  const subjects = new Subjects(mesh);
  const opened = new Set<Kv>();
  const { store, policyStore } = storesOf(options, mesh, opened);
  const bus = await connectBus(credentials, "registry");
  try {
    const extending = policyExtension(policyStore, adminToken, authorities && authoritiesAt(authorities));
    let extension!: PolicyExtension;
    const extend = (parts: ExtensionParts) => {
      extension = extending(parts);
      return extension;
    };
    const running = await runRegistry({ bus, store, subjects, http, log, clock, extend });
    const { pauses } = extension;
    const renew = async () => {
      await bus.renew();
      for (const kv of opened)
        if (kv.closed) opened.delete(kv);
        else await kv.renew();
    };
    return { ...running, renew, pause: () => pauses.begin(), resume: () => pauses.end() };
  } catch (error) {
    await bus.close();
    throw error;
  }
}

function storesOf({ storeCredentials, replicas = 1 }: RegistryOptions, mesh: string, opened: Set<Kv>) {
  if (storeCredentials === undefined)
    return { store: new MemoryStore(), policyStore: new MemoryPolicyStore() };
  // Nothing is reserved for it: what it may grow to is bounded by its history and the size of a value.
  const kept = { replicas, history: KEPT, maxBytes: -1 };
  const open = async (bucket: string, name: string, how: KvOptions) => {
    const kv = await openKv(storeCredentials, `${mesh}-${bucket}`, name, how);
    opened.add(kv);
    return kv;
  };
  return {
    store: new KvStore(() => open("registry", "registry-store", { replicas })),
    policyStore: new KvPolicyStore(() => open("policy", "policy-store", kept)),
  };
}
