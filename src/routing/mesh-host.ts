import { isToken } from "../subjects/token.ts";
import type { Destination } from "./rules.ts";

const SUFFIX = ".mesh";
/** Of http (RFC 9110 §4.2.1). */
export const HTTP_PORT = 80;

/** Reads `orders.mesh` or `v2.orders.mesh`, in any case and with any port; undefined for what is no name of the mesh. */
export function meshDestination(host: string): Destination | undefined {
  const colon = host.lastIndexOf(":");
  const name = (colon < 0 ? host : host.slice(0, colon)).toLowerCase();
  const port = colon < 0 || colon === host.length - 1 ? HTTP_PORT : Number(host.slice(colon + 1));
  if (!name.endsWith(SUFFIX)) return undefined;
  const labels = name.slice(0, -SUFFIX.length).split(".");
  const service = labels.pop()!;
  const version = labels.pop();
  if (labels.length > 0 || !isToken(service)) return undefined;
  if (version === undefined) return { service, version, port };
  if (version[0] !== "v" || !isToken(version.slice(1))) return undefined;
  return { service, version: version.slice(1), port };
}

/** The name under which a destination is called: `v2.orders.mesh`. */
export const meshHostname = ({ service, version }: Pick<Destination, "service" | "version">): string =>
  `${version === undefined ? "" : `v${version}.`}${service}${SUFFIX}`;
