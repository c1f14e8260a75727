import type { AuditEntry } from "../../identity/records/audit.ts";
import { auditFolder } from "../../identity/records/records.ts";
import { type AuditVerdict, verifyAudit } from "../../identity/records/verify-audit.ts";
import { Fault, UsageFault } from "../fault.ts";
import { printJson, printLine } from "../policy/print.ts";
import { printable } from "../policy/report.ts";
import type { AuditFlags } from "../verbs/audit.ts";
import { needState } from "./need-state.ts";

/** Follows the chain. @throws Fault when it is broken */
export function verify({ state, output, head }: AuditFlags): void {
  needState(state);
  if (head !== undefined && !/^[0-9a-f]{64}$/.test(head))
    throw new UsageFault(
      "that is no head of an audit log",
      "give the 64 hex digits that weft audit verify printed",
    );
  const verdict = verifyAudit(auditFolder(state), head === undefined ? {} : { expected: head });
  if (output === "json") printJson({ ok: verdict.broken === undefined, ...verdict });
  else if (verdict.broken === undefined) printLine(whole(verdict));
  if (verdict.broken !== undefined) throw broken(verdict);
}

/** Prints every entry, up to the first that is not right. @throws Fault at that one */
export function list({ state, output }: AuditFlags): void {
  needState(state);
  const visit = (entry: AuditEntry) => printLine(output === "json" ? JSON.stringify(entry) : lineOf(entry));
  const verdict = verifyAudit(auditFolder(state), { visit });
  if (verdict.broken !== undefined) throw broken(verdict);
}

const whole = ({ entries, head, torn }: AuditVerdict): string =>
  `ok: ${entries} entries${torn > 0 ? `, and ${torn} that a crash cut short` : ""}\nhead ${head}`;

const broken = ({ entries, broken }: AuditVerdict): Fault =>
  new Fault(
    `the audit log is broken after ${entries} good entries, at ${broken!.file} line ${broken!.line}: ${broken!.why}`,
    "somebody changed it, or the disk did: compare it with a copy; what stands before that line is sound",
  );

function lineOf({ seq, at, event, prev: _, hash: __, ...fields }: AuditEntry): string {
  const told = Object.entries(fields).map(([name, value]) => `${name}=${printable(String(value))}`);
  return [String(seq).padStart(6), at, event, ...told].join("  ");
}
