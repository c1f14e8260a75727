import { createHash } from "node:crypto";
import { closeSync, fstatSync, fsyncSync, openSync, readdirSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { claimSecret, privateFolder, readSecret } from "../keys/secret-files.ts";

/** What is written down: an issue, a renewal, a denial, a revocation. No secret is ever in it. */
export interface AuditEvent {
  readonly event: string;
  readonly [field: string]: string | number | readonly string[] | undefined;
}

/** As it is kept. `hash` is over all that stands before it, and `prev` is the hash of the entry before. */
export interface AuditEntry extends AuditEvent {
  /** From 1, without gaps. */
  readonly seq: number;
  /** ISO 8601. */
  readonly at: string;
  readonly prev: string;
  readonly hash: string;
}

/** The event of an entry that says that there were more before it: who writes had written them. */
export const LOG_CUT = "log-cut";
/** What the first entry names as the hash before it. */
export const NO_HASH = "0".repeat(64);
const SEGMENT_BYTES = 32 << 20;
/** An entry takes a few milliseconds; who holds the lock longer has died. */
const LOCK_LASTS_MS = 5000;
const LOCK_PAUSE_MS = 2;

/** Where the chain goes on. */
interface End {
  readonly seq: number;
  readonly hash: string;
  /** The file it is in, and that file's length then. */
  readonly file: string;
  readonly bytes: number;
  /** The last line has no end: a crash cut it short, and nobody was told that it is kept. */
  readonly torn: boolean;
}

/**
 * The authority's memory of what it did: one JSON object a line, only ever added to, each chained to the one before by
 * its hash, so that a line that was changed, removed or put in shows (`verifyAudit`). What was cut off at the end shows
 * to whoever wrote it, who says so in the next entry, and to somebody who noted a later hash elsewhere. Several processes may write to one folder.
 */
export class AuditLog {
  readonly #folder: string;
  readonly #now: () => number;
  #end: End | undefined;

  /** @param now Unix time in ms */
  constructor(folder: string, now: () => number = Date.now) {
    this.#folder = privateFolder(folder);
    this.#now = now;
  }

  /** Adds an entry; it is on the disk when this returns. */
  append(event: AuditEvent): void {
    const unlock = this.#lock();
    try {
      const known = this.#end;
      const end = this.#whereItEnds();
      const isCut = known !== undefined && end.seq < known.seq;
      const cut = isCut && { event: LOG_CUT, kept: end.seq, written: known.seq, head: known.hash };
      this.#end = this.#add(event, cut ? this.#add(cut, end) : end);
    } finally {
      unlock();
    }
  }

  #add(event: AuditEvent, end: End): End {
    const seq = end.seq + 1;
    const body = JSON.stringify({ seq, at: new Date(this.#now()).toISOString(), ...event, prev: end.hash });
    const hash = hashOf(body);
    const file = end.bytes < SEGMENT_BYTES ? end.file : segmentName(seq);
    const bytes = this.#write(file, `${end.torn ? "\n" : ""}${body.slice(0, -1)}${hashField(hash)}\n`);
    return { seq, hash, file, bytes, torn: false };
  }

  #write(file: string, text: string): number {
    const fd = openSync(join(this.#folder, file), "a", 0o600);
    try {
      writeSync(fd, text);
      fsyncSync(fd);
      return fstatSync(fd).size;
    } finally {
      closeSync(fd);
    }
  }

  #whereItEnds(): End {
    const known = this.#end;
    const segments = segmentsIn(this.#folder);
    const newest = segments.at(-1);
    if (newest === undefined) return { seq: 0, hash: NO_HASH, file: segmentName(1), bytes: 0, torn: false };
    const bytes = statSync(join(this.#folder, newest)).size;
    if (known?.file === newest && known.bytes === bytes) return known;
    for (const file of segments.reverse()) {
      const lines = (readSecret(join(this.#folder, file)) ?? "").split("\n");
      const torn = file === newest && lines.at(-1) !== "";
      const last = lines.map(entryIn).findLast((entry) => entry !== undefined);
      if (last !== undefined) return { seq: last.seq, hash: last.hash, file: newest, bytes, torn };
    }
    return { seq: 0, hash: NO_HASH, file: newest, bytes, torn: bytes > 0 };
  }

  /** Held for one entry, so waiting for it in place is as good as any way. */
  #lock(): () => void {
    const file = join(this.#folder, "lock");
    while (!claimSecret(file, String(process.pid))) {
      const since = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
      if (Date.now() - since > LOCK_LASTS_MS) rmSync(file, { force: true });
      else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_PAUSE_MS);
    }
    return () => rmSync(file, { force: true });
  }
}

const hashField = (hash: string): string => `,"hash":"${hash}"}`;
const HASH_FIELD = /,"hash":"([0-9a-f]{64})"\}$/;

/** Of the entry's text up to its own hash, closed as if that were all. */
const hashOf = (body: string): string => createHash("sha256").update(body).digest("hex");

/** One line as an entry whose hash is right; undefined for anything else. */
export function entryIn(line: string): AuditEntry | undefined {
  const hash = HASH_FIELD.exec(line)?.[1];
  if (hash === undefined || hashOf(`${line.slice(0, -hashField(hash).length)}}`) !== hash) return undefined;
  return JSON.parse(line) as AuditEntry;
}

const segmentName = (seq: number): string => `${String(seq).padStart(12, "0")}.jsonl`;

/** The files of a log, oldest first; each is named by the first entry in it. */
export const segmentsIn = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => /^\d{12}\.jsonl$/.test(name))
    .sort();
