import * as z from "zod/mini";
import { count, name, reader } from "../../registry/frame.ts";
import { BUCKETS } from "../../telemetry/histogram.ts";

/** What does not fit is counted under this name, as in the metrics of a sidecar. */
export const OTHER = "_OTHER";

/** Edges in one report; those with the fewest calls are folded into one. */
export const MAX_EDGES = 100;
/** That many with the longest names, every bucket and every code stay below it; the usual report has 1 KiB. */
export const MAX_REPORT_BYTES = 128 * 1024;
/** How often a sidecar reports, in ms. */
export const REPORT_MS = 5000;
/** A sidecar of which nothing is new says so once in so long, for what only the latest report tells (expiry). */
export const QUIET_MS = 60_000;

/** The calls of one side with one peer, version and route since the report before. */
export interface EdgeReport {
  readonly side: "client" | "server";
  readonly peer: string;
  readonly version?: string;
  readonly route?: string;
  /** By class of status: index 2 is 2xx, index 0 is without an answer. */
  readonly statuses: readonly number[];
  readonly failed: number;
  readonly sumMs: number;
  /** Of `src/telemetry/histogram.ts`: bucket, count, bucket, count… */
  readonly durations: readonly number[];
  readonly codes?: Readonly<Record<string, number>>;
}

/** What policy did with the calls to one service since the report before. */
export interface CalleeReport {
  readonly service: string;
  readonly retries: number;
  readonly hedges: number;
  readonly ejections: number;
  readonly parked: number;
  /** Now. */
  readonly budgetLeft: number;
}

/** How busy the app is now, and what was refused or made to wait since the report before. */
export interface AppReport {
  readonly running: number;
  readonly waiting: number;
  /** Absent when there is none. */
  readonly limit?: number;
  readonly queued: number;
  readonly shed: number;
  readonly overloaded: number;
}

/** On `reg.st.<service>.<instance>`: what happened since the report before. Nobody answers. */
export interface SignalReport {
  readonly version: string;
  /** When it was made, in ms of the sidecar's own clock that never jumps. Sidecars of before do not tell. */
  readonly ownMs?: number;
  /** Of how many periods of `REPORT_MS` it is, where not of one: the broker was away. */
  readonly periods?: number;
  readonly edges: readonly EdgeReport[];
  /** Those with something to tell. */
  readonly callees?: readonly CalleeReport[];
  readonly app?: AppReport;
  /** Calls that came in above a rate, by caller. */
  readonly limited?: Readonly<Record<string, number>>;
  /** Calls under way now. */
  readonly inFlight: { readonly client: number; readonly server: number };
  /** Ends of the credentials, in Unix ms; `gateway` is that of the certificates that it shows outside. */
  readonly expiry?: { readonly jwt?: number; readonly leaf?: number; readonly gateway?: number };
  /** It ends: there will be no further report. */
  readonly last?: true;
}

/** More calls than any sidecar has in a minute: what is above is a lie, or a fault. */
const few = z.int().check(z.minimum(0), z.maximum(1e8));
/** A service, or a host outside of the mesh as policy writes it (`sidecar/egress`). */
const PEER = /^(?:[a-z0-9-]{1,63}|egress:[a-z0-9*.:-]{1,253}|_OTHER|_UNKNOWN)$/;
export const isPeer = (text: string): boolean => PEER.test(text);
const peer = z.string().check(z.regex(PEER));
const route = z.string().check(z.maxLength(520), z.regex(/^[^\p{Cc}\p{Cf}]*$/u));
const ms = z.number().check(z.minimum(0), z.maximum(1e13));
const durations = z.array(few).check(
  z.maxLength(2 * BUCKETS),
  z.refine((pairs) => {
    if (pairs.length % 2 !== 0) return false;
    return pairs.every((value, i) => i % 2 === 1 || value < BUCKETS);
  }),
);
const code = z.string().check(z.regex(/^[a-z-]{1,32}$/));
const fewKeys = (most: number) =>
  z.refine<Record<string, number>>((counts) => Object.keys(counts).length <= most);
const edge = z.object({
  ...{ side: z.enum(["client", "server"]), peer },
  ...{ version: z.optional(name), route: z.optional(route) },
  statuses: z.array(few).check(z.length(6)),
  ...{ failed: few, sumMs: ms, durations },
  codes: z.optional(z.record(code, few).check(fewKeys(64))),
});
const callee = z.object({
  service: name,
  ...{ retries: few, hedges: few, ejections: few, parked: few },
  budgetLeft: few,
});
const app = z.object({
  ...{ running: few, waiting: few, limit: z.optional(few) },
  ...{ queued: few, shed: few, overloaded: few },
});
const unixMs = z.number().check(z.minimum(0), z.maximum(8.64e15));

/** Gives undefined for bytes that are not one such report; it never throws. Bounds are kept by `MAX_REPORT_BYTES`, too. */
export const readReport = reader<SignalReport>(
  z.object({
    version: name,
    ...{ ownMs: z.optional(ms), periods: z.optional(few.check(z.minimum(1))) },
    edges: z.array(edge).check(z.maxLength(2 * MAX_EDGES + 2)),
    callees: z.optional(z.array(callee).check(z.maxLength(MAX_EDGES))),
    app: z.optional(app),
    limited: z.optional(z.record(peer, few).check(fewKeys(256))),
    inFlight: z.object({ client: count, server: count }),
    expiry: z.optional(
      z.object({ jwt: z.optional(unixMs), leaf: z.optional(unixMs), gateway: z.optional(unixMs) }),
    ),
    last: z.optional(z.literal(true)),
  }),
);
