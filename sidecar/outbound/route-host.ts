import { HTTP_PORT, meshDestination } from "../../src/routing/mesh-host.ts";
import type { Destination } from "../../src/routing/rules.ts";
import type { Target } from "../../src/subjects/subjects.ts";

const MOST_REMEMBERED = 1024;

/** Finds where a request goes by the host that it is for; the same object each time. */
export type Router = (host: string) => Destination | undefined;

/** `orders.mesh` and `v2.orders.mesh`, in any case and with any port. Remembers what it has parsed, within bounds. */
export function meshRouter(): Router {
  const remembered = new Map<string, Destination>();
  return (host) => {
    const known = remembered.get(host);
    if (known !== undefined) return known;
    const destination = meshDestination(host);
    if (destination === undefined) return undefined;
    if (remembered.size >= MOST_REMEMBERED) remembered.clear();
    remembered.set(host, destination);
    return destination;
  };
}

/** Everything goes to one service, whatever the host: a listener of its own for a program that knows no proxy. */
export function oneServiceRouter(service: string, version?: string): Router {
  const destination: Destination = { service, version, port: HTTP_PORT };
  return () => destination;
}

const ANY: Target = { kind: "any" };

/** Where a call goes that no route is about. */
export const targetOf = ({ version }: Destination): Target =>
  version === undefined ? ANY : { kind: "version", version };
