import * as z from "zod/mini";
import { objects, type Report, type Rough } from "./rule.ts";
import { namespaceName, port, serviceName, versionName } from "./scalars.ts";
import { described } from "./schema-notes.ts";

/** How a route is attached, for findings. */
export const ATTACH =
  'write parentRefs: [{group: "", kind: Service, name: SERVICE}] with the service whose calls are routed';

export const parentRef = described(
  z.strictObject({
    // Of two that are not supported the first is reported: kind tells more than group.
    kind: described(z.literal("Service"), "routes belong to services; it must be written", {
      unsupportedValue: () => ATTACH,
      missing: "which means Gateway",
    }),
    group: described(z.literal(""), "the core group; it must be written", {
      unsupportedValue: () => ATTACH,
      missing: "which means gateway.networking.k8s.io",
    }),
    name: serviceName,
    namespace: z.exactOptional(described(namespaceName, "kept as it is: services have no namespaces here")),
    port: z.exactOptional(described(port, "the route is for calls to this port only; left out, to any")),
    version: z.exactOptional(
      described(
        versionName,
        "the route is for calls to this version only (Weft's own field); left out, to any",
      ),
    ),
  }),
  "The service whose calls are routed.",
  {
    id: "ParentRef",
    unsupportedFields: { sectionName: "use port: services have no sections here" },
  },
);

/** References to one parent must differ by port (the CEL rules of `CommonRouteSpec`), or by our version. */
export function judgeParents(value: Rough, report: Report): void {
  const first = new Map<string, { index: number; port: unknown }[]>();
  for (const [index, ref] of objects(value.parentRefs).entries()) {
    if (typeof ref.name !== "string") continue;
    const key = JSON.stringify([ref.name, ref.namespace ?? "", ref.version ?? ""]);
    const before = first.get(key) ?? [];
    const overlap = before.find(
      (one) => one.port === ref.port || one.port === undefined || ref.port === undefined,
    );
    if (overlap !== undefined)
      report(
        ["parentRefs", index],
        `the service ${JSON.stringify(ref.name)} is already in parentRefs[${overlap.index}]`,
        "leave one out, or give each a port of its own",
      );
    before.push({ index, port: ref.port });
    first.set(key, before);
  }
}
