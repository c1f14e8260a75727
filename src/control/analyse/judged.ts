import type { Finding, FindingCode } from "../../resources/finding.ts";
import { finding } from "../../resources/finding.ts";
import type { HttpRoute, ParentRef } from "../../resources/http-route.ts";
import type { Resource } from "../../resources/read.ts";

/** A resource under judgement. */
export interface Judged<R extends Resource = Resource> {
  readonly resource: R;
  /** Its index in what was read; absent for what is applied already, which is there only to be compared with. */
  readonly document?: number;
}

export const isRoute = (one: Judged): one is Judged<HttpRoute> => one.resource.kind === "HTTPRoute";

/** `HTTPRoute orders`, with the namespace where it is not the usual one. */
export function labelOf({ kind, metadata: { name, namespace } }: Resource): string {
  return `${kind} ${namespace === "default" ? "" : `${namespace}/`}${name}`;
}

export function found(
  code: FindingCode,
  { resource, document }: Judged,
  path: string,
  message: string,
  cure?: string,
): Finding {
  const where = { resource: labelOf(resource), path, ...(document === undefined ? {} : { document }) };
  return finding(code, where, message, cure);
}

/** A finding that names a second place, when that one is in what was read. */
export const besides = (one: Finding, { document }: Judged, path: string): Finding =>
  document === undefined ? one : { ...one, other: { document, path } };

/** `orders`, `orders version 2`, `orders port 8080`. */
export const destinationOf = ({
  name,
  version,
  port,
}: Pick<ParentRef, "name" | "version" | "port">): string =>
  `${name}${version === undefined ? "" : ` version ${version}`}${port === undefined ? "" : ` port ${port}`}`;
