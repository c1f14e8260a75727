import { HEADER } from "../../protocol/header-names.ts";
import type { Finding } from "../../resources/finding.ts";
import type { Asked } from "../../routing/asked.ts";
import { redirectLocation } from "../../routing/location.ts";
import { HTTP_PORT, meshDestination, meshHostname } from "../../routing/mesh-host.ts";
import { type Destination, hasRegex } from "../../routing/rules.ts";
import type { RegexEngine } from "../../routing/text-match.ts";
import { destinationOf, found, isRoute, type Judged, labelOf } from "./judged.ts";
import { type Place, placesOf, redirectIn, Takers } from "./places.ts";

/** Where browsers and `fetch` give up, too (Fetch standard, "HTTP-redirect fetch"). */
const MAX_REDIRECTS = 20;

/**
 * Follows each redirect, as a client would, from a request that it takes, and tells of those that come back to where
 * they began. A redirect to https, or to a host that is no service here, leaves the mesh. A request for a match with
 * a regular expression cannot be made up, so none begins there; only whether a redirect takes the path that it gives itself
 * can be told.
 * @param set routes in the order that decides ties
 * @param regex needed when a match has a regular expression
 */
export function redirectCycles(set: readonly Judged[], regex: RegexEngine | undefined): Finding[] {
  const places = set.filter(isRoute).flatMap(placesOf);
  const takers = new Takers(places, regex);
  const told = new Set<string>();
  const findings = places.flatMap((start) => {
    const begin = pathFor(start);
    if (redirectIn(start.rule) === undefined || begin === undefined) return [];
    return start.one.resource.spec.parentRefs.flatMap((parent): Finding[] => {
      const { kind, name: service, version, port = HTTP_PORT } = parent;
      // What comes in by a gateway is called by hosts that are not the mesh's to know.
      if (kind === "Gateway") return [];
      const circle = follow(start, begin, { service, version, port }, takers);
      if (circle === undefined || told.has(nameOf(circle))) return [];
      told.add(nameOf(circle));
      return [cycle(circle, destinationOf(parent))];
    });
  });
  if (!takers.exhausted) return findings;
  const { one, path } = places.findLast(({ rule }) => redirectIn(rule) !== undefined)!;
  return [found("too-large", one, path, "there are too many redirects to follow them all")];
}

/** @returns the path of a request that the match takes; undefined when none can be made up */
function pathFor({ match, rule }: Place): string | undefined {
  if (!hasRegex([match])) return match.path.value;
  const to = redirectIn(rule)?.path;
  const isOnlyPath = !hasRegex([{ ...match, path: { type: "PathPrefix", value: "/" } }]);
  return isOnlyPath && to?.type === "ReplaceFullPath" ? to.replaceFullPath : undefined;
}

/** @returns the redirects of the circle, beginning with `start`; undefined when they do not come back to it */
function follow(start: Place, begin: string, to: Destination, takers: Takers): Place[] | undefined {
  const { method = "GET", headers = [], queryParams = [] } = start.match;
  const fields = new Map(headers.map(({ name, value }) => [name.toLowerCase(), value]));
  const query = new URLSearchParams(
    queryParams.map(({ name, value }): [string, string] => [name, value]),
  ).toString();
  const caller = fields.get(HEADER.caller) ?? "";
  let asked: Asked = { method, path: begin, query, header: (name) => fields.get(name) };
  let destination = to;
  const circle: Place[] = [];
  for (;;) {
    const at = takers.find(destination, caller, asked);
    const redirect = at && redirectIn(at.rule);
    if (at === start && circle.length > 0) return circle;
    // Another rule takes the request that was made up for this one, or the circle is one of others.
    if (at === undefined || redirect === undefined || circle.includes(at)) return undefined;
    if (circle.length === MAX_REDIRECTS) return undefined;
    if (circle.length === 0 && at !== start) return undefined;
    circle.push(at);
    if (redirect.scheme === "https") return undefined;
    const { port } = destination;
    const from = {
      scheme: "http",
      hostname: meshHostname(destination),
      port,
      path: asked.path,
      query,
    } as const;
    const { host, pathname } = new URL(redirectLocation(redirect, from, at.match.path.value));
    const next = meshDestination(host);
    if (next === undefined) return undefined;
    destination = next;
    asked = { ...asked, path: pathname };
  }
}

const placeName = ({ one, path }: Place): string => `${labelOf(one.resource)} ${path}`;
const nameOf = (circle: readonly Place[]): string => circle.map(placeName).sort().join();

function isOnlyStatus({ rule }: Place): boolean {
  const { scheme, hostname, port, path } = redirectIn(rule) ?? {};
  return [scheme, hostname, port, path].every((given) => given === undefined);
}

/** Told where something can be done about it: at a route that is being read. */
function cycle(circle: readonly Place[], destination: string): Finding {
  const at = circle.find(({ one }) => one.document !== undefined) ?? circle[0]!;
  const others = circle.filter((place) => place !== at).map(placeName);
  const message =
    others.length === 0
      ? `the redirect sends calls to ${destination} to a URL that it takes itself`
      : `the redirect of calls to ${destination} comes back to itself through ${others.join(", then ")}`;
  const one = found("redirect-cycle", at.one, at.path, message);
  // What only gives a status says itself that the URL stays: the standard's own conformance files have such rules.
  return circle.length === 1 && isOnlyStatus(at) ? { ...one, severity: "warning" } : one;
}
