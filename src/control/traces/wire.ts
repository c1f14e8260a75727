import * as z from "zod/mini";
import { name, reader } from "../../registry/frame.ts";

/** Why a sidecar keeps a trace; the first that applies. */
export const KEPT_FOR = ["failed", "slow", "recent"] as const;
export type KeptFor = (typeof KEPT_FOR)[number];

/** One call that made a sidecar keep its trace. No path, no header, no address. */
export interface TraceNote {
  readonly traceId: string;
  readonly why: KeptFor;
  readonly side: "client" | "server";
  /** When the call began, in Unix ms by the teller's clock. */
  readonly at: number;
  readonly ms: number;
  readonly method: string;
  readonly caller: string;
  readonly callee: string;
  readonly status: number;
  /** Of `src/protocol/code.ts`; empty when the app answered. */
  readonly code: string;
  readonly attempts: number;
}

/** On `reg.get.kept.<service>`, at most once in `NOTES_MS`: what one sidecar has begun to keep. Nobody answers. */
export interface TraceNotes {
  readonly instance: string;
  readonly notes: readonly TraceNote[];
}

/** On `reg.ev.traces`: who knows of these traces keeps it, too. */
export interface KeepTraces {
  readonly traceIds: readonly string[];
}

/** How long notes are gathered, in ms: the last calls of a busy sidecar are soon forgotten. */
export const NOTES_MS = 250;
export const MAX_NOTES = 32;
export const MAX_NOTES_BYTES = 16 * 1024;
/** In one event. */
export const MAX_KEEP = 256;

const traceId = z.string().check(z.regex(/^[0-9a-f]{32}$/));
/** A callee may be a host outside of the mesh (`sidecar/egress`). */
const who = z.string().check(z.regex(/^[a-z0-9*.:_-]{0,270}$/i));
const ms = z.number().check(z.minimum(0), z.maximum(8.64e15));
const note = z.object({
  ...{ traceId, why: z.enum(KEPT_FOR), side: z.enum(["client", "server"]) },
  ...{ at: ms, ms },
  method: z.string().check(z.regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$/)),
  ...{ caller: who, callee: who },
  status: z.int().check(z.minimum(0), z.maximum(999)),
  code: z.string().check(z.regex(/^[a-z-]{0,32}$/)),
  attempts: z.int().check(z.minimum(0), z.maximum(1000)),
});

/** Each reader gives undefined for bytes that are not one such message; it never throws. */
export const readNotes = reader<TraceNotes>(
  z.object({
    instance: name,
    notes: z.array(note).check(z.minLength(1), z.maxLength(MAX_NOTES)),
  }),
);
export const readKeep = reader<KeepTraces>(
  z.object({ traceIds: z.array(traceId).check(z.minLength(1), z.maxLength(MAX_KEEP)) }),
);
