import assert from "node:assert/strict";
import { appendFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type AuditEntry, AuditLog, LOG_CUT, NO_HASH } from "../../src/identity/records/audit.ts";
import { auditGaps } from "../../src/identity/records/audit-gaps.ts";
import { recordEvents } from "../../src/identity/records/record-events.ts";
import { openAudit, openLedger } from "../../src/identity/records/records.ts";
import { verifyAudit } from "../../src/identity/records/verify-audit.ts";
import { stateFolder } from "../support/state.ts";

function logOf(t: TestContext, entries: number) {
  const folder = join(stateFolder(t), "audit");
  const log = new AuditLog(folder, () => 0);
  for (let i = 1; i <= entries; i++) log.append({ event: "enrolled", service: "orders", instance: `i${i}` });
  const file = () => join(folder, readdirSync(folder).find((name) => name.endsWith(".jsonl"))!);
  const lines = () => readFileSync(file(), "utf8").trimEnd().split("\n");
  const rewrite = (change: (lines: string[]) => string[]) =>
    writeFileSync(file(), `${change(lines()).join("\n")}\n`);
  return { folder, log, file, lines, rewrite };
}

const events = (folder: string): string[] => {
  const seen: AuditEntry[] = [];
  verifyAudit(folder, { visit: (entry) => void seen.push(entry) });
  return seen.map(({ event }) => event);
};

test("entries are chained in the order in which they were added, and only their owner reads them", (t) => {
  const { folder, file } = logOf(t, 3);
  const { entries, broken, head, torn } = verifyAudit(folder);
  assert.deepEqual({ entries, broken, torn }, { entries: 3, broken: undefined, torn: 0 });
  assert.match(head, /^[0-9a-f]{64}$/);
  assert.equal(statSync(file()).mode & 0o777, 0o600);
});

test("a log that nobody has written to is whole", (t) => {
  assert.deepEqual(verifyAudit(join(stateFolder(t), "audit")), { entries: 0, head: NO_HASH, torn: 0 });
});

const tampered: readonly (readonly [string, (lines: string[]) => string[], line: number])[] = [
  ["an entry that was changed", (lines) => lines.map((line) => line.replace('"i2"', '"i9"')), 2],
  ["an entry that was removed", ([first, , third]) => [first!, third!], 2],
  ["entries that changed places", ([first, second, third]) => [first!, third!, second!], 2],
  ["an entry that was put in twice", ([first, second, third]) => [first!, second!, second!, third!], 3],
  ["a first entry that was removed", (lines) => lines.slice(1), 1],
  ["a line that is no entry", (lines) => [...lines, '{"seq":4,"event":"renewed"}'], 4],
];
for (const [what, change, line] of tampered)
  test(`${what} is found, with its place`, (t) => {
    const { folder, rewrite } = logOf(t, 3);
    rewrite(change);
    assert.equal(verifyAudit(folder).broken?.line, line);
  });

test("a log that was cut shorter is found by who noted its head, and by nobody else", (t) => {
  const { folder, rewrite } = logOf(t, 3);
  const { head } = verifyAudit(folder);
  assert.equal(verifyAudit(folder, { expected: head }).broken, undefined);
  rewrite((lines) => lines.slice(0, 2));
  assert.equal(verifyAudit(folder).broken, undefined);
  assert.match(verifyAudit(folder, { expected: head }).broken!.why, /cut shorter/);
});

test("a log that is cut or emptied while somebody writes to it says so itself", (t) => {
  const { folder, log, rewrite, file } = logOf(t, 3);
  rewrite((lines) => lines.slice(0, 1));
  log.append({ event: "renewed" });
  assert.deepEqual(events(folder), ["enrolled", LOG_CUT, "renewed"]);
  rmSync(file());
  log.append({ event: "renewed" });
  const seen: AuditEntry[] = [];
  assert.equal(verifyAudit(folder, { visit: (entry) => void seen.push(entry) }).broken, undefined);
  assert.deepEqual([seen[0]!.event, seen[0]!.kept, seen[0]!.written], [LOG_CUT, 0, 3]);
  assert.deepEqual(events(folder), [LOG_CUT, "renewed"]);
});

test("instances of which the log says nothing are named, also when nobody saw it emptied", (t) => {
  const state = stateFolder(t);
  const times = { enrolledAt: 0, issuedAt: 0, jwtExpiresAt: 1e12, certExpiresAt: 1e12 };
  for (const instance of ["o1", "o2"]) {
    const entry = { service: "orders", instance, version: "1", nkey: `U${instance}`, ...times };
    openLedger(state).issued({ ...entry, admittedBy: "token t", address: "127.0.0.1" });
  }
  openAudit(state).append({ event: "enrolled", service: "orders", instance: "o1", nkey: "Uo1" });
  const { cut, untold } = auditGaps(state, 60_000);
  assert.deepEqual([cut, untold.map(({ instance }) => instance)], [0, ["o2"]]);
});

test("a line that a crash cut short is passed over, and the chain goes on behind it", (t) => {
  const { folder, log, file, lines } = logOf(t, 2);
  appendFileSync(file(), lines()[1]!.slice(0, 40).replace('"seq":2', '"seq":3'));
  log.append({ event: "renewed" });
  new AuditLog(folder).append({ event: "revoked" });
  const { entries, torn, broken } = verifyAudit(folder);
  assert.deepEqual({ entries, torn, broken }, { entries: 4, torn: 1, broken: undefined });
});

test("two writers of one log take turns", (t) => {
  const { folder, log } = logOf(t, 1);
  const other = new AuditLog(folder);
  for (let i = 0; i < 10; i++) for (const each of [log, other]) each.append({ event: `e${i}` });
  assert.equal(verifyAudit(folder).broken, undefined);
  assert.equal(verifyAudit(folder).entries, 21);
});

test("refusals, which anybody can cause, are written until there are too many, then counted", (t) => {
  const { folder, log } = logOf(t, 0);
  let now = 0;
  const record = recordEvents(log, () => now);
  const refused = {
    kind: "refused",
    path: "/enrol",
    code: "token-unknown",
    message: "",
    address: "",
  } as const;
  for (let i = 0; i < 150; i++) record(refused);
  assert.equal(verifyAudit(folder).entries, 100);
  now += 2000;
  for (let i = 0; i < 3; i++) record(refused);
  assert.deepEqual(events(folder).slice(99), ["refused", "refusals-not-written", "refused", "refused"]);
});
