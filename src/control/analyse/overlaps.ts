import type { Finding } from "../../resources/finding.ts";
import type { HttpRoute, ParentRef } from "../../resources/http-route.ts";
import { conditionsKey } from "./conditions.ts";
import { besides, destinationOf, found, isRoute, type Judged, labelOf } from "./judged.ts";

interface Place {
  readonly one: Judged<HttpRoute>;
  readonly path: string;
}

/** The first place for each port, and for any (undefined), in the order in which they came. */
type FirstPlaces = Map<number | undefined, Place>;

/**
 * Matches with the same conditions for the same service: in one route the later can never match (`shadowed`), in two
 * the younger route's could not, by no merit of the older (`conflict`). A parent without a port is for all of them.
 *
 * Other matches never hide each other: the standard's precedence puts the narrower first.
 */
export function overlaps(set: readonly Judged[]): Finding[] {
  const first = new Map<string, FirstPlaces>();
  const findings = new Map<string, Finding>();
  for (const one of set.filter(isRoute))
    for (const { path, key, port, destination } of placesOf(one)) {
      const places = first.get(key) ?? new Map<number | undefined, Place>();
      first.set(key, places);
      const [any] = places.values();
      const before = port === undefined ? any : (places.get(port) ?? places.get(undefined));
      if (!places.has(port)) places.set(port, { one, path });
      // Several parents of one route make the same finding.
      if (before !== undefined)
        findings.set(pairOf(one, path, before), tell({ one, path }, before, destination));
    }
  return [...findings.values()];
}

const pairOf = (one: Judged<HttpRoute>, path: string, before: Place): string =>
  [labelOf(one.resource), path, labelOf(before.one.resource), before.path].join(" ");

function placesOf({ resource: { spec } }: Judged<HttpRoute>) {
  return spec.rules.flatMap(({ matches }, rule) =>
    matches.flatMap((match, i) => {
      const path = `spec.rules[${rule}].matches[${i}]`;
      const conditions = conditionsKey(match);
      return spec.parentRefs.flatMap((parent) =>
        hostsOf(parent, spec).map((host) => ({
          path,
          key: `${host} ${parent.sectionName ?? ""} ${parent.name} ${parent.version ?? ""} ${conditions}`,
          port: parent.port,
          destination: destinationOf(parent) + (host === "" || host === ANY_HOST ? "" : ` and ${host}`),
        })),
      );
    }),
  );
}

const ANY_HOST = "*";

/** Requests to a gateway differ by host as calls do by service; empty where hosts do not count. */
const hostsOf = ({ kind }: ParentRef, { hostnames = [ANY_HOST] }: HttpRoute["spec"]): readonly string[] =>
  kind === "Gateway" ? hostnames : [""];

function tell(at: Place, before: Place, destination: string): Finding {
  if (at.one === before.one)
    return besides(
      found("shadowed", at.one, at.path, `${before.path} has the same conditions and comes first`),
      before.one,
      before.path,
    );
  // At the route that is being read: there something can be done about it.
  const [here, there] = at.one.document === undefined ? [before, at] : [at, before];
  const message = `${labelOf(there.one.resource)} has the same conditions for ${destination}, in ${there.path}`;
  return besides(found("conflict", here.one, here.path, message), there.one, there.path);
}
