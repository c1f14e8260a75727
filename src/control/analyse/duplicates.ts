import type { Finding } from "../../resources/finding.ts";
import { keyOf } from "../../resources/key.ts";
import { besides, found, type Judged, labelOf } from "./judged.ts";

/** The same key twice in what was read, and a second policy for one service or the mesh, whatever its namespace. */
export function duplicates(set: readonly Judged[]): Finding[] {
  const byKey = new Map<string, Judged>();
  const policies = new Map<string, Judged>();
  return set.flatMap((one): Finding[] => {
    const { kind, metadata } = one.resource;
    const key = keyOf(one.resource);
    const before = byKey.get(key);
    if (before !== undefined)
      return [
        besides(
          found("duplicate", one, "metadata.name", `${labelOf(one.resource)} is there twice`),
          before,
          "metadata.name",
        ),
      ];
    byKey.set(key, one);
    if (kind === "HTTPRoute") return [];
    const of = `${kind} ${metadata.name}`;
    const other = policies.get(of);
    policies.set(of, one);
    if (other === undefined) return [];
    const [here, there] = one.document === undefined ? [other, one] : [one, other];
    const what = kind === "MeshPolicy" ? "mesh" : `service ${metadata.name}`;
    const message = `${labelOf(there.resource)} is for the ${what}, too: it has no namespaces`;
    const cure = "leave namespace out in both, and keep one of the two";
    const path = "metadata.namespace";
    return [besides(found("conflict", here, path, message, cure), there, path)];
  });
}
