import type { Finding } from "../../resources/finding.ts";
import { keyOf } from "../../resources/key.ts";
import { hasRegex } from "../../routing/rules.ts";
import { loadRegexEngine } from "../../routing/text-match.ts";
import { access } from "./access.ts";
import { duplicates } from "./duplicates.ts";
import { found, isRoute, type Judged } from "./judged.ts";
import { noEffect } from "./no-effect/no-effect.ts";
import { overlaps } from "./overlaps.ts";
import { placesOf, redirectIn } from "./places.ts";
import { redirectCycles } from "./redirects.ts";
import { tracedRoutes } from "./traced-routes.ts";
import { unknown } from "./unknown.ts";
import { weights } from "./weights.ts";
import type { World } from "./world.ts";

/**
 * What is wrong, or looks wrong, with resources that are each right by themselves. Where several are the cause, the
 * finding is at one that is being read (`document`).
 * @param set what is read, and what it joins: in the order that decides ties, the oldest first
 * @param world what is known of the services; without it (offline) nothing is said of them
 */
export async function analyse(set: readonly Judged[], world?: World): Promise<Finding[]> {
  const twice = duplicates(set);
  const once = [...new Map([...set].reverse().map((one) => [keyOf(one.resource), one])).values()].reverse();
  const tooLarge = tooMany(once);
  if (tooLarge !== undefined) return [...twice, tooLarge];
  const regex = followsRegex(once) ? await loadRegexEngine() : undefined;
  return [
    ...twice,
    ...overlaps(once),
    ...redirectCycles(once, regex),
    ...weights(once),
    ...noEffect(once),
    ...access(once),
    ...(world === undefined ? [] : [...unknown(once, world), ...tracedRoutes(once)]),
  ];
}

/** A match is looked at once for each parent of its route; ten thousand routes of the usual kind have no more. */
const MAX_MATCHES = 200_000;

function tooMany(set: readonly Judged[]): Finding | undefined {
  let count = 0;
  for (const one of set.filter(isRoute)) {
    const { parentRefs, hostnames = [], rules } = one.resource.spec;
    for (const { matches } of rules)
      count += matches.length * parentRefs.length * Math.max(1, hostnames.length);
    if (count > MAX_MATCHES)
      return found(
        "too-large",
        one,
        "spec.rules",
        `with it there are more than ${MAX_MATCHES} matches, counted once for each parent and host of their route`,
      );
  }
  return undefined;
}

/** Only following redirects needs the engine, which takes a while to load. */
function followsRegex(set: readonly Judged[]): boolean {
  const places = set.filter(isRoute).flatMap(placesOf);
  return places.some(({ rule }) => redirectIn(rule)) && hasRegex(places.map(({ match }) => match));
}
