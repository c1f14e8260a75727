import { type CalleeEntry, type CalleeTable, entryOf, type Verdict, verdictOf } from "./callee-table.ts";

/** Names of services; undefined for all. */
export type Named = readonly string[] | undefined;

/** The services whose `calleesOf` may differ between two tables. */
export function callersBetween(before: CalleeTable, after: CalleeTable): Named {
  if (before.default !== after.default) return undefined;
  const changed = new Set<string>();
  for (const callee of calleesIn(before, after)) {
    const [old, now] = [entryOf(before, callee), entryOf(after, callee)];
    if (old.others !== now.others) return undefined;
    for (const caller of [...old.except, ...now.except])
      if (old.except.includes(caller) !== now.except.includes(caller)) changed.add(caller);
  }
  return [...changed].sort();
}

/** The services that somebody may call after, and could not before. */
export function openedBetween(before: CalleeTable, after: CalleeTable): Named {
  if (before.default === "deny" && after.default === "allow") return undefined;
  return calleesIn(before, after)
    .filter((callee) => isOpened(entryOf(before, callee), entryOf(after, callee)))
    .sort();
}

function isOpened(old: CalleeEntry, now: CalleeEntry): boolean {
  if (old.others === "deny" && now.others === "allow") return true;
  return [...old.except, ...now.except].some(
    (caller) => verdictOf(caller, old) === "deny" && verdictOf(caller, now) === "allow",
  );
}

/** @param stronger what holds where the two differ */
export function mergeTables(one: CalleeTable, other: CalleeTable, stronger: Verdict): CalleeTable {
  const of = (a: Verdict, b: Verdict): Verdict => (a === b ? a : stronger);
  const callees = calleesIn(one, other).map((callee): [string, CalleeEntry] => {
    const [a, b] = [entryOf(one, callee), entryOf(other, callee)];
    const others = of(a.others, b.others);
    const named = [...new Set([...a.except, ...b.except])];
    return [
      callee,
      {
        others,
        except: named.filter((name) => of(verdictOf(name, a), verdictOf(name, b)) !== others).sort(),
      },
    ];
  });
  return { default: of(one.default, other.default), callees: Object.fromEntries(callees) };
}

const calleesIn = (one: CalleeTable, other: CalleeTable): string[] => [
  ...new Set([...Object.keys(one.callees), ...Object.keys(other.callees)]),
];
