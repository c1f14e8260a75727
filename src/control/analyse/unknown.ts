import type { Finding } from "../../resources/finding.ts";
import { nearest } from "../../resources/words.ts";
import { found, type Judged } from "./judged.ts";
import { type Reference, referencesOf } from "./references.ts";
import type { World } from "./world.ts";

const MAY_ONLY_CALL: ReadonlySet<Reference["role"]> = new Set(["policy", "gateway", "caller"]);

/** References to what the registry has never seen, or that has no instance now. */
export function unknown(set: readonly Judged[], world: World): Finding[] {
  const known = memo((service) => world.versionsOf(service));
  const isUp = memo((service, version) => world.isUp(service, version));
  let hints = 0;
  const hint = memo((name, service) => {
    hints += 1;
    if (hints > MAX_HINTS) return "too many are unknown to look for each";
    return hintOf(name, service === undefined ? world.services() : [...known(service)!]);
  });
  const judge = (one: Judged, { path, field, service, version, role, weight }: Reference): Finding[] => {
    const versions = known(service);
    if (versions === undefined) {
      // Its own policy, routes of a gateway and access rules concern also who takes no calls; nobody can be sent to him.
      if (MAY_ONLY_CALL.has(role) && world.isCaller(service)) return [];
      const message = `no service ${JSON.stringify(service)} is known (${hint(service)})`;
      return [found("unknown-service", one, field === "" ? path : `${path}.${field ?? "name"}`, message)];
    }
    if (version !== undefined && !versions.has(version)) {
      const message = `no version ${JSON.stringify(version)} of ${service} is known (${hint(version, service)})`;
      return [found("unknown-version", one, `${path}.${field ?? "version"}`, message)];
    }
    if (role !== "backend" || weight === 0 || isUp(service, version)) return [];
    const what = version === undefined ? service : `version ${version} of ${service}`;
    return [found("no-instance", one, path, `${what} has no instance now`)];
  };
  return set.flatMap((one) => referencesOf(one.resource).flatMap((reference) => judge(one, reference)));
}

/** A name stands in many routes, and looking for it may take long. */
function memo<T>(look: (a: string, b?: string) => T): (a: string, b?: string) => T {
  const found = new Map<string, T>();
  return (a, b) => {
    const key = `${a} ${b ?? ""}`;
    if (!found.has(key)) found.set(key, look(a, b));
    return found.get(key)!;
  };
}

/** Each is looked for among all that are known, which takes a moment. */
const MAX_HINTS = 50;
/** How many names a message lists. */
const SHOWN = 8;

function hintOf(name: string, known: readonly string[]): string {
  const near = nearest(
    name,
    known.filter(({ length }) => Math.abs(length - name.length) <= 3),
  );
  if (near !== undefined) return `did you mean ${JSON.stringify(near)}?`;
  if (known.length === 0) return "none is";
  return `known: ${[...known].sort().slice(0, SHOWN).join(", ")}${known.length > SHOWN ? ", …" : ""}`;
}
