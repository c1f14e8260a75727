import { join } from "node:path";
import { calleesOf, callersOf, isGuarded, OPEN_TABLE, type Peers } from "../../subjects/callee-table.ts";
import { readSecret, SecretFileError, writeSecret } from "../keys/secret-files.ts";
import type { AccessAnswer, AccessReport } from "../wire.ts";
import { changed, heldForMs, type Known, type Tables, tablesAt } from "./access-change.ts";
import { bytesOf, type LongLists, longListsOf, MOST_BYTES, withLongLists } from "./long-lists.ts";

interface Made extends Tables {
  readonly long: LongLists;
  /** Of what it was made, and until when that holds. */
  readonly known: Known;
  readonly until: number;
}

/**
 * Who may send to whom, as the registry told it last: kept, so that an authority that starts without a registry grants
 * no more than before. The callee's sidecar decides by itself; this is the second lock.
 */
export class AccessBook {
  readonly #file: string;
  #known: Known;
  #made: Made | undefined;

  /** @throws SecretFileError when it is damaged: what it said must not be taken for "everybody may" */
  constructor(stateDir: string) {
    this.#file = join(stateDir, "authority", "access.json");
    this.#known = this.#read();
  }

  /** To whom a service may send. @param now Unix ms */
  calleesOf(service: string, now: number): Peers {
    const callees = calleesOf(service, this.#at(now).sends);
    return bytesOf(service, callees) > MOST_BYTES ? {} : callees;
  }

  /** Whom a service may answer: everybody when that list and its callees do not fit into one JWT. @param now Unix ms */
  callersOf(service: string, now: number): Peers {
    const { answers, long } = this.#at(now);
    const callers = withLongLists(callersOf(service, answers), long);
    const bytes = bytesOf(service, callers) + bytesOf(service, this.calleesOf(service, now));
    return bytes > MOST_BYTES ? {} : callers;
  }

  /** Who may send to everybody because the list would be too long; `*` is who no rule names. @param now Unix ms */
  unlisted(now: number): string[] {
    const { others, named } = this.#at(now).long;
    return [...(others ? ["*"] : []), ...[...named].filter(([, isLong]) => isLong).map(([name]) => name)];
  }

  /** Of the policy that was told last. */
  get revision(): number {
    return this.#known.revision;
  }

  isGuarded(service: string): boolean {
    return isGuarded(service, this.#known.table);
  }

  /**
   * Takes what a registry tells, unless it lags behind what was told before.
   * @param now Unix ms
   * @returns whose identities are out of date by the last change, also when it was told before: then who told it may
   * have died before it could pass that on
   */
  take(report: AccessReport, now: number): AccessAnswer {
    const { lineage, revision } = this.#known;
    const isOld = report.lineage === lineage && report.revision < revision;
    const isNew = report.lineage !== lineage || report.revision > revision;
    const known = changed(this.#known, isNew ? report : undefined, now);
    if (known !== this.#known) {
      writeSecret(this.#file, JSON.stringify(known));
      this.#known = known;
    }
    const { issuedBefore, services } = known;
    const againInMs = heldForMs(known, now);
    const unlisted = this.unlisted(now);
    return {
      ...{ taken: !isOld, issuedBefore },
      ...(services && { services }),
      ...(againInMs !== undefined && { againInMs }),
      ...(unlisted.length > 0 && { unlisted }),
    };
  }

  #at(now: number): Made {
    const known = this.#known;
    if (this.#made?.known === known && now < this.#made.until) return this.#made;
    const tables = tablesAt(known, now);
    const ends = (known.earlier ?? []).map(({ until }) => until).filter((until) => until > now);
    this.#made = { ...tables, long: longListsOf(tables.sends), known, until: Math.min(...ends) };
    return this.#made;
  }

  #read(): Known {
    const text = readSecret(this.#file);
    if (text === undefined)
      return { lineage: "", revision: 0, table: OPEN_TABLE, issuedBefore: 0, services: [] };
    try {
      return JSON.parse(text) as Known;
    } catch {
      throw new SecretFileError(
        `${this.#file} is damaged: remove it when a registry runs, which tells it anew within minutes`,
      );
    }
  }
}
