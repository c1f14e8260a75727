import { fitted } from "../../sidecar/join.ts";
import { openKv } from "../../src/bus/kv.ts";
import { KvPolicyStore } from "../../src/control/store/kv-store.ts";
import { KEPT } from "../../src/control/store/store.ts";
import { folderCredentials } from "../../src/identity/keys/folder-credentials.ts";
import { partFolder } from "../../src/identity/trust/parts.ts";
import type { RunningMesh } from "../mesh/running-mesh.ts";

/** Size of the policy that is in force, as the registry keeps it. */
export async function storedBytes({ state, record: { mesh, broker } }: RunningMesh): Promise<number> {
  const credentials = fitted(folderCredentials(partFolder(state, "registry-store"), broker.urls));
  const kept = { history: KEPT, maxBytes: -1 };
  const store = new KvPolicyStore(() => openKv(credentials, `${mesh}-policy`, "bench", kept));
  try {
    return (await store.read(undefined))?.value?.length ?? 0;
  } finally {
    await store.close();
  }
}
