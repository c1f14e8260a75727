import { isHalfRevoked, type LedgerEntry } from "../../identity/records/ledger.ts";
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
    .filter((entry) => all || SHOWN.has(stateOf(entry, now)));
  if (output === "json") printJson(entries.map((entry) => shown(entry, now)));
  else printLine(table([HEAD, ...entries.map((entry) => row(entry, now))]));
}

/** Whom brokers let in. */
const SHOWN: ReadonlySet<string> = new Set(["good", "half-revoked"]);

/** `half-revoked`: nothing is renewed, but the brokers were not told. `away`: its JWT has ended, and its certificate can still renew it. */
const stateOf = (entry: LedgerEntry, now: number): string => {
  const { revokedAt, certExpiresAt, jwtExpiresAt } = entry;
  if (isHalfRevoked(entry, now)) return "half-revoked";
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

const shown = (entry: LedgerEntry, now: number) => ({
  ...entry,
  state: stateOf(entry, now),
  enrolledAt: iso(entry.enrolledAt),
  issuedAt: iso(entry.issuedAt),
  jwtExpiresAt: iso(entry.jwtExpiresAt),
  certExpiresAt: iso(entry.certExpiresAt),
  ...(entry.revokedAt === undefined ? {} : { revokedAt: iso(entry.revokedAt) }),
  ...(entry.toldAt === undefined ? {} : { toldAt: iso(entry.toldAt) }),
});

const iso = (ms: number): string => new Date(ms).toISOString();
