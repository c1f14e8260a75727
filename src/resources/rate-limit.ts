import * as z from "zod/mini";
import { rule } from "./rule.ts";
import { durationWithin } from "./scalars.ts";
import { described } from "./schema-notes.ts";

const MOST_REQUESTS = 10_000_000;
const MAX_INTERVAL_MS = 86_400_000;

const count = described(z.int().check(z.minimum(1), z.maximum(MOST_REQUESTS)), "a number of calls", {
  cure: `write a whole number from 1 to ${MOST_REQUESTS}`,
});

const rate = {
  requests: described(count, "calls that are let through in each interval"),
  interval: described(
    durationWithin(1, MAX_INTERVAL_MS, "is not between 1ms and 24h"),
    "the interval, from 1ms to 24h",
    { cure: "write a duration from 1ms to 24h, such as 1s" },
  ),
  burst: z.exactOptional(
    described(
      count,
      "calls that may come at once after a pause; left out, as many as requests. With 1 nothing is saved up: of calls that come at random less than the rate gets through, a sixth less when five times the rate is offered, half of it when just the rate is",
    ),
  ),
};

const local = described(
  z.strictObject({
    ...rate,
    perCaller: z.exactOptional(
      described(
        z.literal(true),
        "each calling service has a limit of this size of its own; left out, all share one, and each gets an equal part of it when it is scarce",
        { cure: "write true, or leave it out" },
      ),
    ),
  }),
  "For each instance by itself, in its own sidecar. A call that one refuses is tried once more at another, within the retry budget; the caller gets 429 when that refuses, too.",
  { id: "LocalRateLimit" },
);

const global = described(
  z.strictObject(rate),
  "For all instances together: each works on a share that the registry lends it, and keeps the last one while the registry is away, also through a restart: it is on the disk beside the policy. An instance that has none there, and hears no registry, takes the whole rate until it does. Together they keep the rate within 5 % over some seconds; with `balance: consistent-hash` and one hot key within 8 %, because the shares follow the demand. Its part of the burst is at least one call; while it turns calls away it saves up to four for each caller, so that a small burst costs none of the rate.",
  { id: "GlobalRateLimit" },
);

/** How many calls a service lets through in a time; more are answered with 429. */
export const rateLimit = described(
  z
    .strictObject({
      local: z.exactOptional(local),
      global: z.exactOptional(global),
    })
    .check(
      rule(({ local, global }, report) => {
        if (local === undefined && global === undefined)
          report([], "rateLimit has neither local nor global", "write one of them, or both");
      }),
    ),
  "How many calls are let through in a time. What is above is answered with 429, `Retry-After`, `RateLimit` and `RateLimit-Policy`; the app does not see it.",
  { id: "RateLimit" },
);
