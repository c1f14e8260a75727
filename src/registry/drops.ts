import type { BaseLogger } from "pino";

/** What the registry logs with: pino, or anything of its shape. */
export type Log = Pick<BaseLogger, "info" | "warn" | "error">;

/** Why a message was not acted on. */
export type DropKind =
  | "beat-oversize"
  | "beat-undecodable"
  | "beat-forged"
  | "beat-reserved"
  | "beat-stale"
  | "beat-flapping"
  | "beat-full"
  | "request-bad"
  | "reply-foreign"
  | "discovery-busy"
  | "policy-oversize"
  | "told-bad"
  | "told-forged"
  | "watcher-slow"
  | "rate-unknown"
  | "rate-flood"
  | "hint-bad"
  | "hint-unknown"
  | "hint-flood"
  | "signals-oversize"
  | "signals-bad"
  | "signals-flood"
  | "signals-full"
  | "traces-bad"
  | "traces-flood";

const LOG_EVERY_MS = 60_000;

/** Counts what is dropped, and logs the first of each kind and then at most one a minute. */
export class Drops {
  readonly #log: Log;
  readonly #now: () => number;
  readonly #kinds = new Map<DropKind, { count: number; loggedAt: number }>();

  constructor(log: Log, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  /** @param where the subject, address or name that it came by */
  count(kind: DropKind, where: string): void {
    const now = this.#now();
    const seen = this.#kinds.get(kind) ?? { count: 0, loggedAt: Number.NEGATIVE_INFINITY };
    this.#kinds.set(kind, seen);
    seen.count += 1;
    if (now - seen.loggedAt < LOG_EVERY_MS) return;
    seen.loggedAt = now;
    this.#log.warn({ event: "dropped", kind, where: where.slice(0, 200), count: seen.count }, "dropped");
  }

  counts(): Partial<Record<DropKind, number>> {
    return Object.fromEntries([...this.#kinds].map(([kind, { count }]) => [kind, count]));
  }
}
