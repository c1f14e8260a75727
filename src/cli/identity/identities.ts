import type { LedgerEntry } from "../../identity/records/ledger.ts";
import { openLedger } from "../../identity/records/records.ts";
import { age } from "../get/rows.ts";
import { printJson, printLine } from "../policy/print.ts";
import { table } from "../terminal.ts";
import type { IdentitiesFlags } from "../verbs/identities.ts";
import { needState } from "./need-state.ts";

const HEAD = ["SERVICE", "VERSION", "INSTANCE", "STATE", "SINCE", "RENEWED", "RENEWABLE FOR", "BY", "FROM"];

/** Prints who the authority has let in. */
export function identities(service: string | undefined, { state, output, all }: IdentitiesFlags): void {
  needState(state);
  const now = Date.now();
  const entries = openLedger(state)
    .list(now)
    .filter((entry) => service === undefined || entry.service === service)
    .filter((entry) => all || stateOf(entry, now) === "good");
  if (output === "json") printJson(entries.map((entry) => shown(entry, now)));
  else printLine(table([HEAD, ...entries.map((entry) => row(entry, now))]));
}

/** `away`: its JWT has ended, and its certificate can still renew it. */
const stateOf = ({ revokedAt, certExpiresAt, jwtExpiresAt }: LedgerEntry, now: number): string => {
  if (revokedAt !== undefined) return "revoked";
  if (now >= certExpiresAt) return "ended";
  return now >= jwtExpiresAt ? "away" : "good";
};

const row = (entry: LedgerEntry, now: number): string[] => [
  ...[entry.service, entry.version, entry.instance, stateOf(entry, now)],
  ...[age(now - entry.enrolledAt), `${age(now - entry.issuedAt)} ago`],
  entry.certExpiresAt > now ? age(entry.certExpiresAt - now) : "-",
  ...[entry.admittedBy, entry.address],
];

const shown = ({ revokedAt, ...entry }: LedgerEntry, now: number) => ({
  ...entry,
  state: stateOf({ ...entry, ...(revokedAt === undefined ? {} : { revokedAt }) }, now),
  enrolledAt: iso(entry.enrolledAt),
  issuedAt: iso(entry.issuedAt),
  jwtExpiresAt: iso(entry.jwtExpiresAt),
  certExpiresAt: iso(entry.certExpiresAt),
  ...(revokedAt === undefined ? {} : { revokedAt: iso(revokedAt) }),
});

const iso = (ms: number): string => new Date(ms).toISOString();
