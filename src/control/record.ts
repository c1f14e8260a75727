import type { Resource } from "../resources/read.ts";

/** One resource of the policy, and when it came and last changed. */
export interface Entry {
  /** Unix ms; of two routes that tie, the older decides. */
  readonly createdAt: number;
  /** At which it last changed. */
  readonly revision: number;
  readonly resource: Resource;
}

/** What is told of one revision without its resources. */
export interface Summary {
  readonly lineage: string;
  readonly revision: number;
  /** Unix ms. */
  readonly at: number;
  /** Who, as they named themselves. */
  readonly by: string;
  /** `start`, `apply`, `delete`, or `rollback to <revision>`. */
  readonly cause: string;
  readonly created: number;
  readonly configured: number;
  readonly deleted: number;
}

/** The whole policy at one revision. Nothing in it changes. */
export interface PolicyRecord extends Summary {
  /** By key, in the order of `byAge`. */
  readonly entries: ReadonlyMap<string, Entry>;
  /**
   * The revision at which something for a service last changed; also of one that has nothing any more, until what holds
   * for all changes after that. Under `EVERY_SERVICE` that of what holds for all of them. The higher of the two tells what
   * a service has: with the same number it has the same.
   */
  readonly services: ReadonlyMap<string, number>;
}

/** In place of a service; no service can have that name. */
export const EVERY_SERVICE = "*";

/** The services whose routing a resource is part of. */
export function servicesOf(resource: Resource): readonly string[] {
  if (resource.kind === "MeshPolicy") return [EVERY_SERVICE];
  if (resource.kind === "ServicePolicy") return [resource.metadata.name];
  return [...new Set(resource.spec.parentRefs.map(({ name }) => name))];
}

/** Oldest first, then by namespace and name (HTTPRouteRule.matches, "ties"). */
export function byAge([, a]: readonly [string, Entry], [, b]: readonly [string, Entry]): number {
  const one = a.resource.metadata;
  const other = b.resource.metadata;
  return (
    a.createdAt - b.createdAt || compare(one.namespace, other.namespace) || compare(one.name, other.name)
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
