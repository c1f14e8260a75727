import * as z from "zod/mini";
import { rule } from "./rule.ts";
import { durationWithin } from "./scalars.ts";
import { described } from "./schema-notes.ts";

/** A second attempt beside a first that takes long. */
export const hedge = described(
  z
    .strictObject({
      delay: z.exactOptional(
        described(
          durationWithin(1, Number.POSITIVE_INFINITY, "is no time"),
          "how long an attempt is given before the next begins beside it; not together with percentile",
          { cure: "write a duration above 0, such as 100ms" },
        ),
      ),
      percentile: z.exactOptional(
        described(
          z.number().check(z.minimum(50), z.maximum(99.9)),
          "the same, learnt: as long as this percentage of the calls takes; left out, and without delay, 95",
          { cure: "write a number from 50 to 99.9" },
        ),
      ),
      attempts: described(
        z._default(z.int().check(z.minimum(1), z.maximum(3)), 1),
        "attempts besides the first",
        {
          cure: "write a whole number from 1 to 3",
        },
      ),
    })
    .check(
      rule(({ delay, percentile }, report) => {
        if (delay !== undefined && percentile !== undefined)
          report(["percentile"], "both delay and percentile are written", "keep one of the two");
      }),
    ),
  "Asks another instance when one takes long, takes the first answer and cancels the other. Only for calls that are safe to repeat, and within the retry budget.",
  { id: "Hedge" },
);
