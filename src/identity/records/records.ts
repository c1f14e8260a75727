import { join } from "node:path";
import { AuditLog } from "./audit.ts";
import { Ledger } from "./ledger.ts";

/** Where the authority of a state folder writes down what it did. */
export const auditFolder = (stateDir: string): string => join(stateDir, "authority", "audit");

export const openAudit = (stateDir: string): AuditLog => new AuditLog(auditFolder(stateDir));

/** Who exists, as the authority of a state folder knows it. */
export const openLedger = (stateDir: string): Ledger => new Ledger(join(stateDir, "authority", "identities"));
