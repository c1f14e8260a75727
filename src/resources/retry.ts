import * as z from "zod/mini";
import { parseDuration } from "../protocol/duration.ts";
import { type Report, type Rough, rule } from "./rule.ts";
import { duration, durationWithin, percentage } from "./scalars.ts";
import { described } from "./schema-notes.ts";

const codes = described(
  z
    .array(
      described(z.int().check(z.minimum(400), z.maximum(599)), "status of an answer", {
        cure: "write statuses from 400 to 599, such as 502 and 503",
      }),
    )
    .check(z.maxLength(200)),
  "answers of the app that are tried again, by status, when that is safe to repeat",
);

/** `retry` of a rule, as the standard has it (HTTPRouteRetry, experimental channel). */
export const routeRetry = described(
  z
    .strictObject({
      codes: z.exactOptional(codes),
      attempts: z.exactOptional(
        described(z.int().check(z.minimum(1), z.maximum(100)), "attempts after the first; left out, 2", {
          cure: "write a whole number from 1 to 100; `retry: {attempts: 0}` of a ServicePolicy switches retries off",
        }),
      ),
      backoff: z.exactOptional(
        described(duration, "least time between two attempts; what is added at random begins with as much"),
      ),
    })
    .check(rule(judgeCodes)),
  "Tries again what broke on the way or was answered with one of the codes, where the method or a header field `Idempotency-Key` says that it is safe, and the body has at most 64 KiB.",
  { id: "HTTPRouteRetry" },
);

/** `retry` of a policy: for all calls to the service whose rule has none. */
export const retry = described(
  z
    .strictObject({
      attempts: described(
        z._default(z.int().check(z.minimum(0), z.maximum(10)), 2),
        "attempts after the first; 0 switches all retries off, also of what no app has seen, and of what a kept connection to the app died under; hedges, which have attempts of their own, go on",
        { cure: "write a whole number from 0 to 10" },
      ),
      codes: z.exactOptional(codes),
      backoff: described(
        z._default(duration, "25ms"),
        "the wait is random, up to this before the second attempt, and to three and seven times as much before the next",
      ),
      maxBackoff: z.exactOptional(
        described(duration, "the longest such wait, not shorter than backoff; left out, ten times backoff"),
      ),
      maxRetryAfter: described(
        z._default(duration, "300s"),
        "an answer whose Retry-After asks for a longer wait is not tried again",
      ),
    })
    .check(
      rule(judgeCodes),
      rule(({ backoff, maxBackoff }, report) => {
        if (typeof backoff !== "string" || typeof maxBackoff !== "string") return;
        const backoffMs = parseDuration(backoff);
        const mostMs = parseDuration(maxBackoff);
        if (backoffMs === undefined || mostMs === undefined || mostMs >= backoffMs) return;
        report(
          ["maxBackoff"],
          `maxBackoff ${maxBackoff} is shorter than backoff ${backoff}`,
          `write at least ${backoff}, or leave it out`,
        );
      }),
    ),
  "Tries again what broke on the way or was answered with one of the codes, where the method or a header field `Idempotency-Key` says that it is safe, and the body has at most 64 KiB. Without it only what no app can have seen is tried again.",
  { id: "Retry" },
);

/** How much of the load on a service may be further attempts. */
export const retryBudget = described(
  z.strictObject({
    percent: described(z._default(percentage, 20), "further attempts per hundred calls; may have decimals"),
    interval: described(
      z._default(durationWithin(1000, 3_600_000, "is not from 1s to 1h"), "10s"),
      "how long a call counts, from 1s to 1h",
      { cure: "write a duration from 1s to 1h" },
    ),
    minRetryRate: described(
      z._default(z.int().check(z.minimum(0), z.maximum(1_000_000)), 10),
      "further attempts in each second that are allowed whatever the calls",
      { cure: "write a whole number from 0 to 1000000" },
    ),
  }),
  "What all callers' retries and hedges of one sidecar may add to the load on the service (GEP-3388). It holds without being written, with these defaults. Where `limits.priority` is written, calls less urgent than its shedBelow, or without that than 3, do not get the last half of it.",
  { id: "RetryBudget" },
);

/** listType=set of the standard. */
function judgeCodes({ codes }: Rough, report: Report): void {
  if (!Array.isArray(codes)) return;
  for (const [index, code] of codes.entries()) {
    const first = codes.indexOf(code);
    if (typeof code === "number" && first !== index)
      report(["codes", index], `${code} is already in codes[${first}]`, "keep one of the two");
  }
}
