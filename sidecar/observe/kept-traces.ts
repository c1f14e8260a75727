import { type Account, MAX_BEGAN } from "../../src/control/explain/account.ts";
import type { KeptFor, TraceNote } from "../../src/control/traces/wire.ts";
import type { EdgeTally } from "../../src/telemetry/edge-tally.ts";
import type { Side } from "../../src/telemetry/side.ts";
import { BEGAN_TRACE } from "../stack/marks.ts";
import { accountOf, rounded } from "./accounts.ts";
import type { RecentCall, RecentCalls } from "./recent-calls.ts";
import { TailSampler } from "./tail-sampler.ts";
import { unixZero } from "./unix-zero.ts";

/** Calls kept of all traces, and of one: no more are told of one either. */
const MOST = 1024;
const MOST_OF_ONE = 32;
const SIDES = ["client", "server"] as const;

export interface KeptTracesOptions {
  readonly service: string;
  readonly instance: string;
  readonly recent: Readonly<Record<Side, RecentCalls>>;
  /** Told of each call for which a trace is kept. */
  readonly note: (note: TraceNote) => void;
}

interface Kept {
  readonly call: RecentCall;
  readonly began: readonly string[];
}

/**
 * The calls of traces that somebody found worth keeping, longer than the last calls are. Here a call is judged when it
 * ends; it is put away a quarter of a second later, with all others of its trace, or when another sidecar keeps the
 * trace. Those that are put away are the objects of `RecentCalls`, held a while longer.
 */
export class KeptTraces {
  readonly #options: KeptTracesOptions;
  readonly #samplers = { client: new TailSampler(), server: new TailSampler() };
  /** By trace, the oldest first. */
  readonly #kept = new Map<string, Kept[]>();
  #size = 0;

  constructor(options: KeptTracesOptions) {
    this.#options = options;
  }

  /** For the end of each call of a side. */
  ended(side: Side): (call: RecentCall) => void {
    const sampler = this.#samplers[side];
    const { note } = this.#options;
    return (call) => {
      const why = sampler.why(call);
      if (why !== undefined && call.traceparent !== undefined) note(noteOf(call, why));
    };
  }

  learn(side: Side, tallies: readonly EdgeTally[]): void {
    this.#samplers[side].learn(tallies);
  }

  /** Puts away what is known of these traces now. */
  keep(traceIds: ReadonlySet<string>): void {
    const isOfThem = (call: RecentCall): boolean => traceIds.has(traceOf(call));
    for (const one of this.#remembered(isOfThem)) {
      const traceId = traceOf(one.call);
      const kept = this.#kept.get(traceId) ?? [];
      if (kept.length >= MOST_OF_ONE || kept.some(({ call }) => call === one.call)) continue;
      kept.push(one);
      this.#kept.set(traceId, kept);
      this.#size += 1;
      if (this.#size > MOST) this.#dropOldest();
    }
  }

  /** What this sidecar knows of a trace, the oldest first: of what is kept, and of the last calls. */
  accounts(traceId: string): Account[] {
    const kept = this.#kept.get(traceId) ?? [];
    const isKept = new Set(kept.map(({ call }) => call));
    const late = this.#remembered((call) => traceOf(call) === traceId && !isKept.has(call));
    return [...kept, ...late]
      .sort((a, b) => a.call.startedAt - b.call.startedAt)
      .slice(0, MOST_OF_ONE)
      .map(({ call, began }) => ({
        ...accountOf(call, this.#options),
        ...(began.length === 0 ? {} : { began }),
      }));
  }

  /** Of the last calls those that are wanted, with what the app began meanwhile without their context. */
  #remembered(isWanted: (call: RecentCall) => boolean): Kept[] {
    const { recent } = this.#options;
    const found = SIDES.flatMap((side) => recent[side].all().filter(isWanted));
    if (found.length === 0) return [];
    const began = recent.client.all().filter(({ marks }) => (marks & BEGAN_TRACE) !== 0);
    return found.map((call) => ({ call, began: call.side === "server" ? during(call, began) : [] }));
  }

  #dropOldest(): void {
    for (const [traceId, calls] of this.#kept) {
      this.#kept.delete(traceId);
      this.#size -= calls.length;
      return;
    }
  }
}

/** The traces of those that began while a call was served. */
function during({ startedAt, ms }: RecentCall, began: readonly RecentCall[]): string[] {
  const meanwhile = began.filter((call) => call.startedAt >= startedAt && call.startedAt <= startedAt + ms);
  return [...new Set(meanwhile.map(traceOf))].slice(0, MAX_BEGAN);
}

/** The trace id of `00-<trace id>-…`; empty without a context. */
const traceOf = ({ traceparent }: RecentCall): string => traceparent?.slice(3, 35) ?? "";

function noteOf(call: RecentCall, why: KeptFor): TraceNote {
  const { side, caller, callee, status, code, begun, method } = call;
  return {
    ...{ traceId: traceOf(call), why, side },
    at: rounded(unixZero() + call.startedAt),
    ms: rounded(call.ms),
    ...{ method: method.slice(0, 32), caller, callee, status, code },
    attempts: side === "client" ? begun : 1,
  };
}
