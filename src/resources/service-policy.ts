import * as z from "zod/mini";
import { authentication } from "./authentication.ts";
import { authorization } from "./authorization.ts";
import { balance } from "./balance.ts";
import { breaker } from "./breaker.ts";
import { egress } from "./egress.ts";
import type { Frozen } from "./freeze.ts";
import { hedge } from "./hedge.ts";
import { limits } from "./limits.ts";
import { matches } from "./match.ts";
import { metadataWith } from "./metadata.ts";
import { park } from "./park.ts";
import { rateLimit } from "./rate-limit.ts";
import { retry, retryBudget } from "./retry.ts";
import { exactlyOne, rule } from "./rule.ts";
import { cookieName, durationWithin, headerName, percentage, serviceName } from "./scalars.ts";
import { described } from "./schema-notes.ts";
import { timeouts } from "./timeouts.ts";
import { tracing } from "./tracing.ts";

/** An injected delay is waited for by a timer and holds a call; an hour is more than any test needs. */
const MAX_DELAY_MS = 3_600_000;

/** What the version is chosen by, so that one user always meets the same one. */
export type Sticky = { header: string } | { cookie: string } | { caller: true };

/** Flat, so that a wrong field is named; the rule makes it the union that it is typed as. */
const sticky = described(
  z
    .strictObject({
      header: z.exactOptional(described(headerName, "by the value of this header field")),
      cookie: z.exactOptional(described(cookieName, "by the value of this cookie")),
      caller: z.exactOptional(
        described(z.literal(true), "by the calling service", { cure: "write true, or leave it out" }),
      ),
    })
    .check(exactlyOne("sticky", ["header", "cookie", "caller"], "header: x-user")),
  "Keeps a user on one version while weights split the calls. Exactly one field is written.",
  { id: "Sticky" },
) as unknown as z.ZodMiniType<Sticky, Sticky>;

const delay = described(
  z.strictObject({
    percent: percentage,
    duration: described(
      durationWithin(0, MAX_DELAY_MS, "is longer than 1h"),
      "how long a call is held, at most 1h",
      { cure: "write a duration of at most 1h, such as 250ms or 2s" },
    ),
  }),
  "Holds calls before they are sent.",
  { id: "FaultDelay" },
);

const abort = described(
  z.strictObject({
    percent: percentage,
    status: described(z.int().check(z.minimum(400), z.maximum(599)), "status of the answer", {
      cure: "write a status from 400 to 599",
    }),
  }),
  "Answers calls in place of the service.",
  { id: "FaultAbort" },
);

const fault = described(
  z
    .strictObject({
      matches,
      delay: z.exactOptional(delay),
      abort: z.exactOptional(abort),
    })
    .check(
      rule(({ delay, abort }, report) => {
        if (delay === undefined && abort === undefined)
          report([], "the fault has neither delay nor abort", "write one of them, or both");
      }),
    ),
  "Trouble that is made on purpose, to see how callers take it. It has a delay, an abort, or both.",
  { id: "Fault" },
);

/** What the standard lacks, for one service. */
export const servicePolicy = described(
  z.strictObject({
    apiVersion: described(z.literal("weft.dev/v1"), "the version of this kind"),
    kind: described(z.literal("ServicePolicy"), "the kind"),
    metadata: metadataWith(
      described(serviceName, "the service that the policy is for: so one service has one policy"),
      "ServicePolicyMetadata",
    ),
    spec: described(
      z.strictObject({
        timeouts: z.exactOptional(
          described(timeouts, "limits of time for calls to the service, where the rule of a route has none"),
        ),
        sticky: z.exactOptional(sticky),
        retry: z.exactOptional(retry),
        retryBudget: z.exactOptional(retryBudget),
        hedge: z.exactOptional(hedge),
        balance: z.exactOptional(balance),
        breaker: z.exactOptional(breaker),
        limits: z.exactOptional(limits),
        rateLimit: z.exactOptional(rateLimit),
        park: z.exactOptional(park),
        authentication: z.exactOptional(authentication),
        egress: z.exactOptional(egress),
        tracing: z.exactOptional(tracing),
        authorization: z.exactOptional(authorization),
        faults: z.exactOptional(
          described(
            z.array(fault).check(z.maxLength(16)),
            "faults for calls to the service; the first that matches is used",
          ),
        ),
      }),
      "What the policy says.",
      { id: "ServicePolicySpec" },
    ),
  }),
  "What the Gateway API lacks, for all calls to one service.",
  { id: "ServicePolicy" },
);

/** A checked policy with all defaults in it. */
export type ServicePolicy = Frozen<z.output<typeof servicePolicy>>;
export type Fault = NonNullable<ServicePolicy["spec"]["faults"]>[number];
