export type Verdict = "allow" | "deny";

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

/** To whom one service may send, or who may send to it. */
export interface Peers {
  /** No other service than these; all when absent. */
  readonly only?: readonly string[];
  /** None of these. */
  readonly not?: readonly string[];
}

/** In the order of names, so that the same table makes the same permissions. */
export function calleesOf(caller: string, table: CalleeTable): Peers {
  const names = (wanted: Verdict) =>
    Object.entries(table.callees)
      .filter(([, entry]) => verdictOf(caller, entry) === wanted)
      .map(([callee]) => callee)
      .sort();
  if (table.default === "deny") return { only: names("allow") };
  const not = names("deny");
  return not.length === 0 ? {} : { not };
}

/** Who may send to that service, so whom it may answer. In the order of names. */
export function callersOf(callee: string, table: CalleeTable): Peers {
  const { others, except } = entryOf(table, callee);
  const names = [...except].sort();
  if (others === "deny") return { only: names };
  return names.length === 0 ? {} : { not: names };
}

/** Whether not everybody may call everything of that service, so that it must know its policy before it takes calls. */
export const isGuarded = (service: string, { default: byDefault, callees }: CalleeTable): boolean =>
  byDefault === "deny" || Object.hasOwn(callees, service);

export const verdictOf = (caller: string, { others, except }: CalleeEntry): Verdict =>
  except.includes(caller) === (others === "allow") ? "deny" : "allow";

/** Also of a service that is not listed. */
export const entryOf = ({ default: others, callees }: CalleeTable, callee: string): CalleeEntry =>
  Object.hasOwn(callees, callee) ? callees[callee]! : { others, except: [] };
