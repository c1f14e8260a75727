import type { HttpRoute } from "../resources/http-route.ts";
import { concerns, type Destination } from "./rules.ts";

/** The hostnames of routes that have none. */
const ANY = "";
/** Of a name in the DNS; no longer one is looked at. */
const LONGEST = 253;

const hostnamesOf = ({ spec }: HttpRoute): readonly string[] => spec.hostnames ?? [ANY];

/** `shop.example.com` of `Shop.example.com.:8443`: without port, the last dot, and the case of its letters. */
export function hostnameOf(host: string): string {
  const colon = host.startsWith("[") ? host.indexOf("]") + 1 : host.lastIndexOf(":");
  const name = colon > 0 || host[0] === ":" ? host.slice(0, colon) : host;
  return (name.endsWith(".") ? name.slice(0, -1) : name).toLowerCase();
}

/** The narrowest wildcard that takes a name and is among `known`: `*.b.c` before `*.c`, for `a.b.c`. */
function wildcardOf(name: string, known: ReadonlySet<string>): string | undefined {
  for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1)) {
    const wildcard = `*${name.slice(dot)}`;
    if (wildcard !== name && known.has(wildcard)) return wildcard;
  }
  return undefined;
}

/**
 * The hostnames of the routes at one listener of a gateway. A wildcard takes one label or more, never none
 * (HTTPRouteSpec.hostnames).
 */
export class Hostnames {
  readonly #known: ReadonlySet<string>;

  /** @param to the listener; which hostname it names does not count */
  constructor(routes: readonly HttpRoute[], to: Destination) {
    this.#known = new Set(routes.filter((route) => concerns(route, to)).flatMap(hostnamesOf));
  }

  /** @returns the narrowest that takes the host, empty for routes that name none; undefined when there is none of either */
  find(host: string): string | undefined {
    const name = hostnameOf(host);
    if (name.length > LONGEST) return undefined;
    if (name !== ANY && this.#known.has(name)) return name;
    return wildcardOf(name, this.#known) ?? (this.#known.has(ANY) ? ANY : undefined);
  }
}

/**
 * Parts the routes of a gateway by the hostname under which they take a request, the narrowest first: the standard
 * gives precedence to rules of the narrower hostname, whatever they match, and to the others where none of them does.
 * @returns the routes themselves, in one part, for a destination that is no gateway
 */
export function byHostname(routes: readonly HttpRoute[], to: Destination): (readonly HttpRoute[])[] {
  if (to.gateway === undefined) return [routes];
  const known = new Set(routes.flatMap(hostnamesOf));
  const parts: (readonly HttpRoute[])[] = [];
  for (let name: string | undefined = to.gateway.hostname; name !== undefined; ) {
    const hostname: string = name;
    parts.push(routes.filter((route) => hostnamesOf(route).includes(hostname)));
    name = hostname === ANY ? undefined : (wildcardOf(hostname, known) ?? ANY);
  }
  return parts;
}
