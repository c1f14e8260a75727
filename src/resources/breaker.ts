import * as z from "zod/mini";
import { parseDuration } from "../protocol/duration.ts";
import type { Frozen } from "./freeze.ts";
import { rule } from "./rule.ts";
import { durationWithin, percentage } from "./scalars.ts";
import { described } from "./schema-notes.ts";

const MOST_CALLS = 10_000;
const MAX_INTERVAL_MS = 600_000;
const MAX_PENALTY_MS = 3_600_000;

const count = (least: number) => z.int().check(z.minimum(least), z.maximum(MOST_CALLS));

const countNotes = (least: number) => ({ cure: `write a whole number from ${least} to ${MOST_CALLS}` });

const penalty = durationWithin(1, MAX_PENALTY_MS, "is not between 1ms and 1h");
const penaltyNotes = { cure: "write a duration from 1ms to 1h, such as 1s" };

const successRate = described(
  z.strictObject({
    below: described(
      z._default(z.number().check(z.minimum(0.01), z.maximum(1)), 0.8),
      "share of calls that succeed, below which an instance is left out",
      { cure: "write a number from 0.01 to 1, such as 0.8" },
    ),
    interval: described(
      z._default(durationWithin(1, MAX_INTERVAL_MS, "is not between 1ms and 10m"), "10s"),
      "the time that is looked back, at most 10m",
      { cure: "write a duration from 1ms to 10m, such as 10s" },
    ),
    minCalls: described(
      z._default(count(1), 5),
      "with fewer calls in the interval nothing is concluded",
      countNotes(1),
    ),
  }),
  "Leaves an instance out by the share of its calls that succeed.",
  { id: "BreakerSuccessRate" },
);

const service = described(
  z.strictObject({
    consecutiveFailures: described(
      z._default(count(1), 20),
      "calls that fail in a row, whichever instances had them",
      countNotes(1),
    ),
  }),
  "Stops calling the service as a whole when it fails every call: they are refused at once, but for a probe now and then.",
  { id: "BreakerService" },
);

/** When an instance that fails is left out. */
export const breaker = described(
  z
    .strictObject({
      consecutiveFailures: described(
        z._default(count(0), 7),
        "calls that fail in a row until an instance is left out; 0 switches this off",
        countNotes(0),
      ),
      successRate: z.exactOptional(successRate),
      minPenalty: described(
        z._default(penalty, "1s"),
        "how long an instance is left out the first time; each further time doubles it",
        penaltyNotes,
      ),
      maxPenalty: described(
        z._default(penalty, "1m"),
        "how long it is left out at most, at most 1h",
        penaltyNotes,
      ),
      maxEjectedPercent: described(
        z._default(percentage, 50),
        "share of a version's instances that may be left out; when more fail, all are used. One of two or more may always be, and one always stays; 0 leaves none out",
      ),
      service: z.exactOptional(service),
    })
    .check(
      rule(({ minPenalty, maxPenalty }, report) => {
        if (typeof minPenalty !== "string" || typeof maxPenalty !== "string") return;
        if ((parseDuration(minPenalty) ?? 0) > (parseDuration(maxPenalty) ?? Number.POSITIVE_INFINITY))
          report(
            ["minPenalty"],
            `minPenalty ${minPenalty} is longer than maxPenalty ${maxPenalty}`,
            `write at most ${maxPenalty}`,
          );
      }),
    ),
  "When an instance that fails is left out (ejected), and for how long. A failure is an answer of 500 or above by the app, a reset, a timeout, or an instance that went away with the call. After its time one call of a user tries it again.",
  { id: "Breaker" },
);

/** A checked policy with all defaults in it. */
export type BreakerPolicy = Frozen<z.output<typeof breaker>>;
