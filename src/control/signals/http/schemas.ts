import { z } from "zod";
import { parseDuration } from "../../../protocol/duration.ts";
import { POLICY } from "../columns.ts";
import { DIMENSIONS } from "../view/dimensions.ts";
import { HEALTHS } from "../view/health.ts";

import { COARSE, FINE } from "../window.ts";

const unixMs = z.number().describe("Unix time in ms");
const window = z
  .string()
  .default("1m")
  .refine((text) => {
    const ms = parseDuration(text);
    return ms !== undefined && ms >= FINE.stepMs && ms <= COARSE.keptMs;
  }, "a duration from 5s to 60m, such as 1m")
  .describe(
    "How much time it is about: 5s to 60m. The last 15 minutes are kept in steps of 5 s, the hour in minutes",
  );
const at = z.coerce
  .number()
  .int()
  .min(0)
  .max(8.64e15)
  .exactOptional()
  .describe("Its end, as Unix time in ms; now when it is left out");

export const graphQuery = z.strictObject({ window, at });
export const streamQuery = z.strictObject({ window });
export const signalsQuery = z.strictObject({
  ...{ window, at },
  by: z.enum(DIMENSIONS).default("version").describe("How the calls are told apart"),
});

const ms = z.number().nullable().describe("ms; null when there were no calls");
const count = z.number();
const golden = z.object({
  calls: count,
  rate: z.number().describe("Calls a second"),
  success: z
    .number()
    .nullable()
    .describe(
      "Share that did not fail, 0 to 1. Failed is: answered with 5xx, or ended by the mesh, unless the caller left",
    ),
  ...{ p50: ms, p90: ms, p99: ms, meanMs: ms },
  statuses: z.object({ "2xx": count, "3xx": count, "4xx": count, "5xx": count, none: count }),
  codes: z.record(z.string(), count).describe("Calls that the mesh ended by itself, by code"),
  ...{ retries: count, hedges: count, ejections: count, parked: count },
  ...{ limited: count, queued: count, shed: count, overloaded: count },
});
const charted = golden.extend({
  points: z
    .object({
      rate: z.array(z.number()),
      failed: z.array(z.number()).describe("Failed calls a second"),
      p50: z.array(ms),
      p99: z.array(ms),
    })
    .describe("An item for each step, the first begins at `from`"),
});
const head = {
  from: unixMs,
  to: unixMs.describe("Unix time in ms; not in it any more"),
  stepMs: z.int(),
};
const version = z
  .string()
  .describe("Empty where the caller knew none: the broker chose, or nobody was there");

export const graphAnswer = z.object({
  ...head,
  since: unixMs.describe("When this registry began to listen; of calls before it knows nothing"),
  full: z
    .object({ all: z.boolean(), services: z.array(z.string()) })
    .describe(
      "Of these services what is new is not kept: they have reported more edges than there is room for",
    ),
  nodes: z.array(
    z.object({
      service: z
        .string()
        .describe("_OTHER for those beyond the limits, _UNKNOWN for more names that nobody serves"),
      health: z.enum(HEALTHS),
      why: z.string().optional().describe("What is wrong"),
      slow: z
        .object({ share: z.enum(["half", "a tenth"]), ms: z.number(), usualMs: z.number() })
        .optional()
        .describe(
          "That share of its latest calls takes more than so many ms; in the hour before, usually far less",
        ),
      slowVersions: z
        .array(z.object({ version: z.string(), p50: z.number(), other: z.string(), otherP50: z.number() }))
        .describe("Versions that are far slower than another, by the median of their latest calls, in ms"),
      isServed: z.boolean().describe("Somebody serves it, or did of late; else all calls found nobody"),
      instances: z.int().describe("How many are up"),
      ejected: z.int().describe("Of those, how many callers send no calls for now"),
      sidecars: z.int().describe("How many report, with those of pure callers"),
      versions: z
        .array(z.object({ version: z.string(), instances: z.int() }))
        .describe("Of the instances up"),
      in: golden,
      out: golden,
    }),
  ),
  edges: z.array(
    golden.extend({
      from: z.string(),
      to: z.string(),
      seenBy: z
        .enum(["both", "caller", "callee"])
        .describe("Whose reports there are; the caller's count where there are any"),
      versions: z.array(golden.extend({ version })),
      atCallee: golden.optional().describe("The callee's own view, where the caller's counts"),
    }),
  ),
});

export const signalsAnswer = z.object({
  ...head,
  service: z.string(),
  in: charted,
  out: charted,
  by: z.object({
    dimension: z.enum(DIMENSIONS),
    direction: z.enum(["in", "out"]),
    policy: z
      .array(z.enum(POLICY))
      .describe(
        "What policy did that is known of rows of this dimension; everything else is 0 in them without meaning so",
      ),
    rows: z.array(charted.extend({ name: z.string() })),
  }),
  instances: z
    .array(
      z.object({
        instance: z.string(),
        version: z.string(),
        inFlight: z.object({ client: z.int(), server: z.int() }),
        app: z.object({ running: z.int(), waiting: z.int(), limit: z.int().optional() }).optional(),
        expiry: z
          .object({ jwt: unixMs.optional(), leaf: unixMs.optional(), gateway: unixMs.optional() })
          .optional(),
      }),
    )
    .describe("Now, as their latest reports say"),
});
