import type { Kind, Resource } from "./read.ts";

/** The key of a resource: `HTTPRoute/default/orders`. None of its parts can have a slash. */
export const keyOf = ({ kind, metadata }: Resource): string =>
  resourceKey(kind, metadata.name, metadata.namespace);

export const resourceKey = (kind: Kind, name: string, namespace = "default"): string =>
  `${kind}/${namespace}/${name}`;
