import { LOG_CUT } from "./audit.ts";
import type { LedgerEntry } from "./ledger.ts";
import { auditFolder, openLedger } from "./records.ts";
import { verifyAudit } from "./verify-audit.ts";

/** Whom the ledger has just taken in, the log may hear of in a moment. */
const MOMENT_MS = 10_000;

/** What a log lacks whose chain holds. */
export interface AuditGaps {
  /** Entries that were written and are not there, as far as whoever wrote them noticed. */
  readonly cut: number;
  /** Instances that the ledger holds, and of which the log says nothing. */
  readonly untold: readonly LedgerEntry[];
}

/**
 * Whether the audit log of a state folder was emptied or cut at its end, which its chain does not show.
 * @param now Unix ms
 */
export function auditGaps(stateDir: string, now: number): AuditGaps {
  const told = new Set<unknown>();
  let cut = 0;
  verifyAudit(auditFolder(stateDir), {
    visit: ({ event, nkey, kept, written }) => {
      told.add(nkey);
      if (event === LOG_CUT) cut += Number(written) - Number(kept);
    },
  });
  const untold = openLedger(stateDir)
    .list(now)
    .filter(({ nkey, issuedAt }) => !told.has(nkey) && issuedAt < now - MOMENT_MS);
  return { cut, untold };
}
