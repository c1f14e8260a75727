import type { CalleeTable } from "../../subjects/callee-table.ts";
import { callersBetween, mergeTables, type Named, openedBetween } from "../../subjects/compare-tables.ts";
import type { AccessReport } from "../wire.ts";

/** What a registry told last, and what of the tables before is not over. */
export interface Known extends Omit<AccessReport, "withinMs"> {
  /** Unix ms: identities from before it are out of date. */
  readonly issuedBefore: number;
  /** Whose; everybody's when absent. */
  readonly services?: readonly string[];
  /** Absent in files of older versions. */
  readonly earlier?: readonly Earlier[];
}

interface Earlier {
  readonly table: CalleeTable;
  /** Unix ms by which what was made of it has been renewed. */
  readonly until: number;
  /** The next table allows somebody what this one does not. */
  readonly opened: boolean;
  /** Whose permission to call the next table changed; everybody's when absent. */
  readonly callers?: readonly string[];
}

/** What permissions are made of. */
export interface Tables {
  readonly sends: CalleeTable;
  readonly answers: CalleeTable;
}

/** The time over which renewals are spread when the registry does not say. */
const WITHIN_MS = 2000;
/** One renewal, with the change to the new connection, on a busy machine. */
const RENEWAL_MS = 1500;
/** When there are more changes in so short a time, the oldest counts as over. */
const MOST_EARLIER = 8;

/**
 * Whoever can send a call must get an answer, so the two ends change one after the other: until what was made of an
 * earlier table has been renewed, a service may call whom both allow, and answer whom either allows.
 */
export function tablesAt({ table, earlier = [] }: Known, now: number): Tables {
  const tables = earlier.filter(({ until }) => until > now).map((one) => one.table);
  return {
    sends: tables.reduce((all, one) => mergeTables(all, one, "deny"), table),
    answers: tables.reduce((all, one) => mergeTables(all, one, "allow"), table),
  };
}

/**
 * Wishes the renewal of all whom a new table concerns; and when the callees must have renewed, once more that of the
 * callers, who can have then what is newly allowed.
 * @param report undefined when nothing new was told
 * @param now Unix ms
 * @returns `known` itself when nothing changes
 */
export function changed(known: Known, report: AccessReport | undefined, now: number): Known {
  const earlier = [...(known.earlier ?? [])];
  const due: Named[] = [];
  if (report !== undefined) {
    const callers = callersBetween(known.table, report.table);
    const opened = openedBetween(known.table, report.table);
    if (callers?.length !== 0) {
      due.push(both(callers, opened));
      const until = now + (report.withinMs ?? WITHIN_MS) + RENEWAL_MS;
      earlier.push({ table: known.table, until, opened: opened?.length !== 0, ...(callers && { callers }) });
    }
  }
  const isOver = ({ until }: Earlier, i: number) => until <= now || i < earlier.length - MOST_EARLIER;
  const over = earlier.filter(isOver);
  if (report === undefined && over.length === 0) return known;
  due.push(...over.filter(({ opened }) => opened).map(({ callers }) => callers));
  const services = due.length === 0 ? known.services : due.reduce(both);
  const { lineage, revision, table } = report ?? known;
  return {
    ...{ lineage, revision, table, issuedBefore: due.length === 0 ? known.issuedBefore : now + 1 },
    ...(services && { services }),
    earlier: earlier.filter((one, i) => !isOver(one, i)),
  };
}

/** The ms until callers can have what is newly allowed; undefined when they can have it now. */
export function heldForMs({ earlier = [] }: Known, now: number): number | undefined {
  const ends = earlier.filter(({ opened, until }) => opened && until > now).map(({ until }) => until);
  return ends.length === 0 ? undefined : Math.min(...ends) - now;
}

const both = (one: Named, other: Named): Named => one && other && [...new Set([...one, ...other])].sort();
