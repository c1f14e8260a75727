import * as z from "zod/mini";
import { objects, type Report, type Rough } from "./rule.ts";
import { namespaceName, port, serviceName, versionName } from "./scalars.ts";
import { described } from "./schema-notes.ts";

const GATEWAY_GROUP = "gateway.networking.k8s.io";

/** How a route is attached, for findings. */
export const ATTACH =
  'write parentRefs: [{group: "", kind: Service, name: SERVICE}] with the service whose calls are routed, or [{kind: Gateway, name: gateway}] for requests from outside';

export const parentRef = described(
  z.strictObject({
    // Of two that are not supported the first is reported: kind tells more than group.
    kind: described(
      z._default(z.enum(["Gateway", "Service"]), "Gateway"),
      "Service for calls within the mesh; Gateway, as in the standard when it is left out, for requests that come in by `weft gateway`",
      { unsupportedValue: () => ATTACH },
    ),
    group: described(
      z._default(z.enum([GATEWAY_GROUP, ""]), GATEWAY_GROUP),
      "empty, which is the core group, with the kind Service",
      { unsupportedValue: () => ATTACH },
    ),
    name: described(
      serviceName,
      "name of the service, or of the gateway: the service that it is in the mesh",
    ),
    namespace: z.exactOptional(described(namespaceName, "kept as it is: services have no namespaces here")),
    port: z.exactOptional(
      described(
        port,
        "the route is for calls to this port only, or of the gateway's listener; left out, any",
      ),
    ),
    sectionName: z.exactOptional(
      described(z.enum(["http", "https"]), "of a gateway: this listener only; left out, both", {
        cure: "write http or https, which are the listeners of a gateway, or leave it out",
      }),
    ),
    version: z.exactOptional(
      described(
        versionName,
        "the route is for calls to this version only (Weft's own field); left out, to any",
      ),
    ),
  }),
  "The service whose calls are routed, or the gateway whose requests are.",
  { id: "ParentRef" },
);

/** `Gateway` where it is left out, as in the standard. */
const isGateway = ({ kind = "Gateway" }: Rough): boolean => kind === "Gateway";

/** What one kind of parent has and the other has not, and that references differ. */
export function judgeParents(value: Rough, report: Report): void {
  const parents = objects(value.parentRefs);
  for (const [index, ref] of parents.entries()) judgeParent(ref, ["parentRefs", index], report);
  if (value.hostnames !== undefined && !parents.some(isGateway))
    report(
      ["hostnames"],
      "hostnames is not supported for calls to services",
      "leave it out: such a route is chosen by the service that is called; hostnames are for the kind Gateway",
      "unsupported",
    );
  judgeTwice(value, report);
}

function judgeParent(ref: Rough, at: readonly (string | number)[], report: Report): void {
  const { kind = "Gateway", group = GATEWAY_GROUP } = ref;
  const gateway = kind === "Gateway";
  if ((gateway && group === "") || (kind === "Service" && group === GATEWAY_GROUP))
    report(
      [...at, "group"],
      `group ${JSON.stringify(group)} has no kind ${kind}, and that is not supported`,
      ATTACH,
      "unsupported",
    );
  if (gateway && ref.version !== undefined)
    report([...at, "version"], "a gateway is not called by version", "leave version out");
  if (!gateway && ref.sectionName !== undefined)
    report(
      [...at, "sectionName"],
      "sectionName is not supported for services",
      "use port: services have no sections here",
      "unsupported",
    );
}

/** References to one parent must differ by port or section (the CEL rules of `CommonRouteSpec`), or by our version. */
function judgeTwice(value: Rough, report: Report): void {
  const first = new Map<string, { index: number; ref: Rough }[]>();
  for (const [index, ref] of objects(value.parentRefs).entries()) {
    if (typeof ref.name !== "string") continue;
    const kind = isGateway(ref) ? "gateway" : "service";
    const key = JSON.stringify([kind, ref.name, ref.namespace ?? "", ref.version ?? ""]);
    const before = first.get(key) ?? [];
    const overlap = before.find(
      (one) => meets(one.ref.port, ref.port) && meets(one.ref.sectionName, ref.sectionName),
    );
    if (overlap !== undefined)
      report(
        ["parentRefs", index],
        `the ${kind} ${JSON.stringify(ref.name)} is already in parentRefs[${overlap.index}]`,
        "leave one out, or give each a port of its own",
      );
    before.push({ index, ref });
    first.set(key, before);
  }
}

/** What is left out is any. */
const meets = (a: unknown, b: unknown): boolean => a === b || a === undefined || b === undefined;
