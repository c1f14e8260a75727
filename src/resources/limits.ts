import * as z from "zod/mini";
import { rule } from "./rule.ts";
import { durationWithin, headerName } from "./scalars.ts";
import { described } from "./schema-notes.ts";

/** A wait beyond this is no short queue any more; whoever wants calls to be held has `park`. */
const MAX_QUEUE_WAIT_MS = 10_000;
const MOST_CALLS = 100_000;

const calls = (least: number) =>
  described(z.int().check(z.minimum(least), z.maximum(MOST_CALLS)), "a number of calls", {
    cure: `write a whole number from ${least} to ${MOST_CALLS}`,
  });

const queue = described(
  z.strictObject({
    calls: z.exactOptional(
      described(
        calls(0),
        "how many wait; left out, a quarter of the limit, of a limit below 16 as many as it has and at most 4; 0 for no queue at all",
      ),
    ),
    wait: z._default(
      described(
        durationWithin(0, MAX_QUEUE_WAIT_MS, "is longer than 10s"),
        "how long one waits before it is refused, at most 10s",
        { cure: "write a duration of at most 10s, such as 100ms" },
      ),
      "100ms",
    ),
  }),
  "Where calls wait that come to an instance at its limit. What finds no room is refused as undelivered (`overloaded`), and goes to another instance.",
  { id: "LimitsQueue" },
);

const adaptive = described(
  z
    .strictObject({
      min: z._default(described(calls(1), "the limit is never lower"), 3),
      max: described(calls(1), "the limit is never higher"),
    })
    .check(
      rule(({ min, max }, report) => {
        if (typeof min === "number" && typeof max === "number" && min > max)
          report(["min"], `min ${min} is above max ${max}`, `write at most ${max}`);
      }),
    ),
  "Finds the limit of each instance by itself: it grows while the app answers as fast as it does when it has little to do, and shrinks when calls begin to wait inside the app (the gradient of Envoy's adaptive concurrency).",
  { id: "AdaptiveLimit" },
);

const urgency = described(
  z.int().check(z.minimum(0), z.maximum(7)),
  "urgency of a call, 0 (most) to 7 (RFC 9218)",
  { cure: "write a whole number from 0 to 7; 0 is the most urgent" },
);

const priority = described(
  z.strictObject({
    header: z._default(
      described(
        headerName,
        "the header field that says how urgent a call is: `u=0` (most) to `u=7`, or the digit alone; without it a call has 3 (RFC 9218)",
      ),
      "priority",
    ),
    shedBelow: z.exactOptional(
      described(
        urgency,
        "calls that are less urgent than this (a greater number) are refused as soon as 80 % of the limit is in use, and never wait; left out, none is",
      ),
    ),
  }),
  "Who goes first when an instance is at its limit: the more urgent call is taken from the queue first, and the least urgent one gives up its place when the queue is full.",
  { id: "LimitsPriority" },
);

/** What one instance, and one caller, takes on at once. */
export const limits = described(
  z
    .strictObject({
      maxConcurrency: z.exactOptional(
        described(
          calls(1),
          "calls that one instance works on at once, to the end of their answers (a stream or a WebSocket for as long as it lasts); at the limit it takes itself out of the choice, and the others get the calls; with `priority` only when its queue has no place for a more urgent call either",
        ),
      ),
      queue: z.exactOptional(queue),
      adaptive: z.exactOptional(adaptive),
      priority: z.exactOptional(priority),
      maxPending: z.exactOptional(
        described(calls(1), "calls to the service that one caller's sidecar has under way at once"),
      ),
    })
    .check(
      rule(({ maxConcurrency, adaptive, queue, priority }, report) => {
        if (maxConcurrency !== undefined && adaptive !== undefined)
          report(
            ["maxConcurrency"],
            "maxConcurrency and adaptive are two limits for the same calls",
            "leave one of them out: adaptive.max is the highest limit that adaptive may find",
          );
        if (maxConcurrency !== undefined || adaptive !== undefined) return;
        for (const [field, value] of Object.entries({ queue, priority }))
          if (value !== undefined)
            report(
              [field],
              `${field} has no limit that it belongs to`,
              "add maxConcurrency or adaptive, or leave it out",
            );
      }),
    ),
  "How many calls are under way at once.",
  { id: "Limits" },
);
