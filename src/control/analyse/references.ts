import type { HttpRoute } from "../../resources/http-route.ts";
import type { Resource } from "../../resources/read.ts";
import type { ServicePolicy } from "../../resources/service-policy.ts";
import { meshDestination } from "../../routing/mesh-host.ts";

/** A place in a resource that names a service. */
export interface Reference {
  /** Of the object that names it. */
  readonly path: string;
  readonly service: string;
  readonly version?: string;
  /** Of the object, where one host name says both service and version; empty where the place is the name itself. */
  readonly field?: "hostname" | "";
  /**
   * `backend` takes a share of the calls; `mirror` gets copies; `redirect` is called next; `caller` is allowed or
   * denied something; else whose calls are meant.
   */
  readonly role: "parent" | "gateway" | "backend" | "mirror" | "redirect" | "policy" | "caller";
  readonly weight?: number;
}

export function referencesOf(resource: Resource): Reference[] {
  if (resource.kind === "MeshPolicy") return [];
  if (resource.kind === "ServicePolicy")
    return [{ path: "metadata", service: resource.metadata.name, role: "policy" }, ...callersOf(resource)];
  return [...parentsOf(resource), ...resource.spec.rules.flatMap(ruleReferences)];
}

const named = ({ name, version }: { readonly name: string; readonly version?: string }) =>
  version === undefined ? { service: name } : { service: name, version };

const parentsOf = ({ spec }: HttpRoute): Reference[] =>
  spec.parentRefs.map((ref, i) => ({
    path: `spec.parentRefs[${i}]`,
    ...named(ref),
    role: ref.kind === "Gateway" ? "gateway" : "parent",
  }));

const callersOf = ({ spec: { authorization } }: ServicePolicy): Reference[] =>
  (authorization?.rules ?? []).flatMap(({ from }, rule) =>
    (from?.services ?? []).map((service, i) => ({
      path: `spec.authorization.rules[${rule}].from.services[${i}]`,
      ...{ field: "", service, role: "caller" },
    })),
  );

type Rule = HttpRoute["spec"]["rules"][number];

function ruleReferences({ filters, backendRefs = [] }: Rule, rule: number): Reference[] {
  const at = `spec.rules[${rule}]`;
  return [
    ...mirrorsOf(filters, at),
    ...redirectsOf(filters, at),
    ...backendRefs.flatMap((ref, i): Reference[] => {
      const path = `${at}.backendRefs[${i}]`;
      const backend = { path, ...named(ref), role: "backend", weight: ref.weight } as const;
      return [backend, ...mirrorsOf(ref.filters, path)];
    }),
  ];
}

const mirrorsOf = (filters: Rule["filters"] = [], at: string): Reference[] =>
  filters.flatMap((filter, i) =>
    filter.type === "RequestMirror"
      ? [
          {
            path: `${at}.filters[${i}].requestMirror.backendRef`,
            ...named(filter.requestMirror.backendRef),
            role: "mirror" as const,
          },
        ]
      : [],
  );

/** Redirects to another host than those of the mesh are no business of ours. */
const redirectsOf = (filters: Rule["filters"] = [], at: string): Reference[] =>
  filters.flatMap((filter, i): Reference[] => {
    if (filter.type !== "RequestRedirect") return [];
    const { hostname } = filter.requestRedirect;
    const to = hostname === undefined ? undefined : meshDestination(hostname);
    if (to === undefined) return [];
    const { service: name, version } = to;
    const path = `${at}.filters[${i}].requestRedirect`;
    return [
      {
        ...{ path, field: "hostname", role: "redirect" },
        ...named(version === undefined ? { name } : { name, version }),
      },
    ];
  });
