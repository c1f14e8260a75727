import type { AuditLog } from "./audit.ts";

/** What the authority did or refused, for its log and its audit log. No secret is in it. */
export type AuthorityEvent =
  | {
      readonly kind: "enrolled" | "renewed";
      readonly service: string;
      readonly instance: string;
      readonly version: string;
      readonly nkey: string;
      readonly address: string;
      /** What it was let in with. */
      readonly by: string;
    }
  | {
      readonly kind: "token";
      readonly service: string;
      readonly id: string;
      readonly uses: number;
      readonly cidrs: readonly string[];
      readonly expiresAt: number;
      readonly address: string;
    }
  | {
      /** Somebody may listen to the calls of a service. */
      readonly kind: "tap";
      readonly nkey: string;
      readonly id: string;
      readonly service: string;
      readonly side: string;
      readonly where: string;
      readonly bodyBytes: number;
      readonly expiresAt: number;
      readonly by: string;
      readonly address: string;
    }
  | {
      /** Who may send to whom has changed. */
      readonly kind: "access";
      readonly lineage: string;
      readonly revision: number;
      /** The services whom it concerns; `*` for all. */
      readonly services: readonly string[];
      /** Whom the broker lets send to everybody, as their lists are too long for a JWT; `*` is who no rule names. */
      readonly unlisted?: readonly string[];
      readonly address: string;
    }
  | {
      readonly kind: "refused";
      readonly path: string;
      readonly code: string;
      readonly message: string;
      readonly address: string;
    };

/** Anybody who reaches the authority can be refused: beyond this, refusals are counted and not written one by one. */
const BURST = 100;
const PER_MS = 1 / 1000;

/**
 * Writes the authority's events into its audit log.
 * @param now Unix time in ms
 */
export function recordEvents(audit: AuditLog, now: () => number): (event: AuthorityEvent) => void {
  let allowed = BURST;
  let filledAt = now();
  let unwritten = 0;
  return ({ kind, ...fields }) => {
    if (kind === "refused") {
      allowed = Math.min(BURST, allowed + (now() - filledAt) * PER_MS);
      filledAt = now();
      if (allowed < 1) {
        unwritten++;
        return;
      }
      allowed--;
    }
    if (unwritten > 0) audit.append({ event: "refusals-not-written", count: unwritten });
    unwritten = 0;
    audit.append({ event: kind, ...fields });
  };
}
