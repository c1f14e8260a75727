import { deepFreeze } from "../../resources/freeze.ts";
import type { Resource } from "../../resources/read.ts";
import type { World } from "../analyse/world.ts";

interface Ref {
  readonly name: string;
  readonly version?: string;
}

/**
 * Reads a reference to a service `orders-v2`, as one writes it where versions are services of their own, as version 2
 * of `orders`: when no service of that name is known, but `orders` is.
 */
export function nameVersions(resource: Resource, world: World): Resource {
  if (resource.kind !== "HTTPRoute") return resource;
  const named = <R extends Ref>(ref: R): R => ({ ...ref, ...versionIn(ref, world) });
  const inFilters = <F extends { readonly type: string }>(filters: readonly F[]): readonly F[] =>
    filters.map((filter) => {
      if (!("requestMirror" in filter)) return filter;
      const mirror = filter.requestMirror as { readonly backendRef: Ref };
      return { ...filter, requestMirror: { ...mirror, backendRef: named(mirror.backendRef) } };
    });
  const { spec } = resource;
  return deepFreeze({
    ...resource,
    spec: {
      ...spec,
      parentRefs: spec.parentRefs.map((ref) => (ref.kind === "Gateway" ? ref : named(ref))),
      rules: spec.rules.map((rule) => ({
        ...rule,
        ...(rule.filters && { filters: inFilters(rule.filters) }),
        ...(rule.backendRefs && {
          backendRefs: rule.backendRefs.map((ref) => ({
            ...named(ref),
            ...(ref.filters && { filters: inFilters(ref.filters) }),
          })),
        }),
      })),
    },
  }) as Resource;
}

/** The longest service in front of a `-v` wins, so that a version may have one in it only where that is unknown. */
function versionIn({ name, version }: Ref, world: World): Ref | undefined {
  if (version !== undefined || world.versionsOf(name) !== undefined) return undefined;
  for (let at = name.lastIndexOf("-v"); at > 0; at = name.lastIndexOf("-v", at - 1)) {
    const base = name.slice(0, at);
    const rest = name.slice(at + 2);
    if (rest !== "" && world.versionsOf(base) !== undefined) return { name: base, version: rest };
  }
  return undefined;
}
