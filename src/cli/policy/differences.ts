import { isDeepStrictEqual } from "node:util";
import { keyOf } from "../../resources/key.ts";
import type { Change } from "./changes.ts";
import type { Entry } from "./rows.ts";

/** What made the one set of the other. */
export function differences(before: readonly Entry[], after: readonly Entry[]): Change[] {
  const old = byKey(before);
  const fresh = byKey(after);
  const keys = [...new Set([...old.keys(), ...fresh.keys()])].sort();
  return keys.flatMap((key): Change[] => {
    const was = old.get(key);
    const is = fresh.get(key);
    if (was === undefined) return [{ change: "created", key, after: is! }];
    if (is === undefined) return [{ change: "deleted", key, before: was }];
    return isDeepStrictEqual(was, is) ? [] : [{ change: "configured", key, before: was, after: is }];
  });
}

const byKey = (entries: readonly Entry[]) =>
  new Map(entries.map(({ resource }) => [keyOf(resource), resource]));
