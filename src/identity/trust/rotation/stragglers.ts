import type { Connected } from "../../../bus/connections.ts";
import { claimsIn } from "../../keys/jwt.ts";
import type { LedgerEntry } from "../../records/ledger.ts";

/** An instance that enrolled so recently may not have been heard of by anybody yet. */
const NEWCOMER_MS = 5000;

/** Instances as the registry hears them: `service/instance`. */
export type Present = ReadonlySet<string>;

/** Who is there; each undefined when nobody can say. */
export interface Seen {
  readonly present: Present | undefined;
  readonly connected: readonly Connected[] | undefined;
}

export const nameOf = ({ service, instance }: Pick<LedgerEntry, "service" | "instance">): string =>
  `${service}/${instance}`;

/**
 * Who lives and does not use what was issued since a time: it has nothing of it, or still goes by a connection from
 * before. One that has ended stays in the ledger until its certificate does, so it takes a broker or the registry to
 * say who is there; when neither can, everybody whose JWT still lives counts.
 * @param since Unix ms, a whole second, because JWTs tell no more
 * @param now Unix ms
 */
export function stragglers(
  entries: readonly LedgerEntry[],
  since: number,
  { present, connected }: Seen,
  now: number,
): LedgerEntry[] {
  const users = (connected ?? []).map(({ jwt }) => claimsIn(jwt));
  const there = new Set(users.map(({ sub }) => sub));
  const old = new Set(users.filter(({ iat }) => iat * 1000 < since).map(({ sub }) => sub));
  return entries.filter((entry) => {
    if (entry.revokedAt !== undefined || now >= entry.certExpiresAt) return false;
    if (old.has(entry.nkey)) return true;
    if (entry.issuedAt >= since) return false;
    if (present === undefined && connected === undefined) return now < entry.jwtExpiresAt;
    const seen = there.has(entry.nkey) || present?.has(nameOf(entry));
    return seen || now - entry.issuedAt < NEWCOMER_MS;
  });
}
