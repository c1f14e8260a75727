import { z } from "zod";
import { KEPT_FOR } from "../wire.ts";

const ms = z.number();
const unixMs = z.number().describe("Unix time in ms, by the clock of the sidecar that tells");
const code = z.string().describe("A code of the mesh; empty when the app answered");

/** A service, or `egress:` and a host outside of the mesh. */
const peer = z.string().max(270);

export const tracesQuery = z.strictObject({
  service: peer.exactOptional().describe("Only those in which this service called or was called"),
  caller: peer
    .exactOptional()
    .describe("Only those with a call of this service, to `service` if that is given, too"),
  kind: z
    .enum(KEPT_FOR)
    .default("recent")
    .describe("Why they are kept: recent is all of them, failed and slow have such a call in them"),
  leastMs: z.coerce
    .number()
    .min(0)
    .default(0)
    .describe("Only those whose longest call took at least so long"),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});
export const traceParams = z.object({ traceId: z.string() });

const note = z.object({
  side: z.enum(["client", "server"]).describe("Who tells: the caller or the callee"),
  at: unixMs,
  ms,
  method: z.string(),
  caller: z.string(),
  callee: z.string(),
  status: z.int(),
  code,
  attempts: z.int(),
});

export const tracesAnswer = z.object({
  traces: z
    .array(
      z.object({
        traceId: z.string(),
        at: unixMs,
        why: z.array(z.enum(KEPT_FOR)),
        services: z.array(z.string()),
        longest: note.describe("The longest call that was told of, as a rule the outermost"),
        failed: note.optional().describe("The first that failed"),
      }),
    )
    .describe("The newest first; of the last hour"),
});

export const traceAnswer = z.object({
  traceId: z.string(),
  at: unixMs.describe("When the first call began, in Unix ms; 0 when nobody knows of it"),
  ms: ms.describe("From its beginning to the end of the last call"),
  spans: z
    .array(
      z.looseObject({
        parent: z.int().optional().describe("Index of the span that led to it"),
        depth: z.int(),
        startMs: ms.describe("After the beginning of the trace"),
        side: z.enum(["client", "server"]),
        service: z.string(),
        instance: z.string(),
        status: z.int().describe("0 while it has not ended"),
        code,
        ms,
        silent: z
          .array(z.string())
          .optional()
          .describe("Instances that had this call and tell nothing of it"),
        began: z
          .array(z.string())
          .optional()
          .describe(
            "Traces that this instance began while it served this call: its app does not forward traceparent",
          ),
      }),
    )
    .describe(
      "An account of each sidecar, as in /v1/explain, below the one that led to it. Paths and messages need the admin token",
    ),
});
