type Verdict = "allow" | "deny";

/**
 * Who may send to whom, as far as that depends on the services alone: what publish permissions are made of. Whether a
 * single call is allowed is decided at the callee.
 */
export interface CalleeTable {
  /** For called services that are not listed. */
  readonly default: Verdict;
  readonly callees: Readonly<Record<string, CalleeEntry>>;
}

/** One called service: what holds for all callers, and those for whom the other holds. */
export interface CalleeEntry {
  readonly others: Verdict;
  readonly except: readonly string[];
}

/** Everybody may send to everybody. */
export const OPEN_TABLE: CalleeTable = { default: "allow", callees: {} };

/** To whom one service may send. */
export interface Callees {
  /** No other service than these; all when absent. */
  readonly only?: readonly string[];
  /** None of these. */
  readonly not?: readonly string[];
}

/** In the order of names, so that the same table makes the same permissions. */
export function calleesOf(caller: string, table: CalleeTable): Callees {
  const names = (wanted: Verdict) =>
    Object.entries(table.callees)
      .filter(([, entry]) => verdictOf(caller, entry) === wanted)
      .map(([callee]) => callee)
      .sort();
  if (table.default === "deny") return { only: names("allow") };
  const not = names("deny");
  return not.length === 0 ? {} : { not };
}

/** Whether not everybody may call everything of that service, so that it must know its policy before it takes calls. */
export const isGuarded = (service: string, { default: byDefault, callees }: CalleeTable): boolean =>
  byDefault === "deny" || Object.hasOwn(callees, service);

const verdictOf = (caller: string, { others, except }: CalleeEntry): Verdict =>
  except.includes(caller) === (others === "allow") ? "deny" : "allow";

/** The services whose `calleesOf` may differ between two tables; undefined when it may be any. */
export function callersBetween(before: CalleeTable, after: CalleeTable): readonly string[] | undefined {
  if (before.default !== after.default) return undefined;
  const none: CalleeEntry = { others: after.default, except: [] };
  const changed = new Set<string>();
  for (const callee of new Set([...Object.keys(before.callees), ...Object.keys(after.callees)])) {
    const [old, now] = [entryOf(before, callee) ?? none, entryOf(after, callee) ?? none];
    if (old.others !== now.others) return undefined;
    for (const caller of [...old.except, ...now.except])
      if (old.except.includes(caller) !== now.except.includes(caller)) changed.add(caller);
  }
  return [...changed].sort();
}

const entryOf = ({ callees }: CalleeTable, callee: string): CalleeEntry | undefined =>
  Object.hasOwn(callees, callee) ? callees[callee] : undefined;
