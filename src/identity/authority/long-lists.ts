import type { CalleeTable, Peers } from "../../subjects/callee-table.ts";

/**
 * A server takes a CONNECT of 64 KiB (`max_control_line`), and the JWT in it is base64: four thirds of this, with the
 * rest of its claims. 700 services of usual names fit, 290 of the longest.
 */
export const MOST_BYTES = 40_000;

/** Each becomes `"mesh.<callee>.*.<caller>",` or `"_R.<caller>.*.<callee>.>",`. */
const AROUND_BYTES = 16;
const LONGEST_NAME = 63;

/** What the permissions of `service` take that are made of this. */
export const bytesOf = (service: string, { only, not }: Peers): number =>
  [...(only ?? []), ...(not ?? [])].reduce(
    (sum, peer) => sum + peer.length + service.length + AROUND_BYTES,
    0,
  );

/** The callers whose list of callees is too long for a JWT, so that the broker lets them send to everybody. */
export interface LongLists {
  /** Whether it is that of callers that no rule names. */
  readonly others: boolean;
  readonly named: ReadonlyMap<string, boolean>;
}

/** In one pass, as there may be ten thousand callees. */
export function longListsOf(table: CalleeTable): LongLists {
  const listed = table.default === "deny" ? "allow" : "deny";
  const ofOthers = { count: 0, letters: 0 };
  const more = new Map<string, { count: number; letters: number }>();
  for (const [callee, entry] of Object.entries(table.callees)) {
    const isListed = entry.others === listed;
    if (isListed) add(ofOthers, callee, 1);
    for (const caller of entry.except) {
      const own = more.get(caller) ?? { count: 0, letters: 0 };
      add(own, callee, isListed ? -1 : 1);
      more.set(caller, own);
    }
  }
  const isLong = (length: number, count: number, letters: number) =>
    letters + count * (length + AROUND_BYTES) > MOST_BYTES;
  return {
    others: isLong(LONGEST_NAME, ofOthers.count, ofOthers.letters),
    named: new Map(
      [...more].map(([caller, { count, letters }]) => [
        caller,
        isLong(caller.length, ofOthers.count + count, ofOthers.letters + letters),
      ]),
    ),
  };
}

function add(sum: { count: number; letters: number }, callee: string, times: 1 | -1): void {
  sum.count += times;
  sum.letters += times * callee.length;
}

/** Whoever can send a call must be answered, if only that it is denied: a silent callee costs the caller its deadline. */
export function withLongLists({ only, not }: Peers, { others, named }: LongLists): Peers {
  const isLong = (caller: string) => named.get(caller) ?? others;
  if (only !== undefined) {
    if (others) return {};
    const long = [...named.keys()].filter((caller) => isLong(caller) && !only.includes(caller));
    return { only: [...only, ...long].sort() };
  }
  const rest = not?.filter((caller) => !isLong(caller)) ?? [];
  return rest.length === 0 ? {} : { not: rest };
}
