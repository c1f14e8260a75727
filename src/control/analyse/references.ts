import type { HttpRoute } from "../../resources/http-route.ts";
import type { Resource } from "../../resources/read.ts";

/** A place in a resource that names a service. */
export interface Reference {
  /** Of the object that names it. */
  readonly path: string;
  readonly service: string;
  readonly version?: string;
  /** `backend` takes a share of the calls; `mirror` gets copies; the others are whose calls are meant. */
  readonly role: "parent" | "backend" | "mirror" | "policy";
  readonly weight?: number;
}

export function referencesOf(resource: Resource): Reference[] {
  if (resource.kind === "ServicePolicy")
    return [{ path: "metadata", service: resource.metadata.name, role: "policy" }];
  return [...parentsOf(resource), ...resource.spec.rules.flatMap(ruleReferences)];
}

const named = ({ name, version }: { readonly name: string; readonly version?: string }) =>
  version === undefined ? { service: name } : { service: name, version };

const parentsOf = ({ spec }: HttpRoute): Reference[] =>
  spec.parentRefs.map((ref, i) => ({ path: `spec.parentRefs[${i}]`, ...named(ref), role: "parent" }));

type Rule = HttpRoute["spec"]["rules"][number];

function ruleReferences({ filters, backendRefs = [] }: Rule, rule: number): Reference[] {
  const at = `spec.rules[${rule}]`;
  return [
    ...mirrorsOf(filters, at),
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
