import type { Target } from "../../src/subjects/subjects.ts";
import { isToken } from "../../src/subjects/token.ts";

/** Where a call goes. */
export interface Route {
  readonly callee: string;
  readonly target: Target;
}

const ANY: Target = { kind: "any" };
const SUFFIX = ".mesh";
const MOST_REMEMBERED = 1024;

/** Finds the route of a request by the host that it is for. */
export type Router = (host: string) => Route | undefined;

/** `orders.mesh` and `v2.orders.mesh`, in any case and with any port. Remembers what it has parsed, within bounds. */
export function meshRouter(): Router {
  const remembered = new Map<string, Route>();
  return (host) => {
    const known = remembered.get(host);
    if (known !== undefined) return known;
    const route = parseMeshHost(host);
    if (route === undefined) return undefined;
    if (remembered.size >= MOST_REMEMBERED) remembered.clear();
    remembered.set(host, route);
    return route;
  };
}

/** Everything goes to one service, whatever the host: a listener of its own for a program that knows no proxy. */
export function oneServiceRouter(callee: string, version?: string): Router {
  const route: Route = { callee, target: version === undefined ? ANY : { kind: "version", version } };
  return () => route;
}

function parseMeshHost(host: string): Route | undefined {
  const port = host.lastIndexOf(":");
  const name = (port < 0 ? host : host.slice(0, port)).toLowerCase();
  if (!name.endsWith(SUFFIX)) return undefined;
  const labels = name.slice(0, -SUFFIX.length).split(".");
  const callee = labels.pop()!;
  const version = labels.pop();
  if (labels.length > 0 || !isToken(callee)) return undefined;
  if (version === undefined) return { callee, target: ANY };
  if (version[0] !== "v" || !isToken(version.slice(1))) return undefined;
  return { callee, target: { kind: "version", version: version.slice(1) } };
}
