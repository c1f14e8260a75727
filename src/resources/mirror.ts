import * as z from "zod/mini";
import { mirrorRef } from "./backend-ref.ts";
import { rule } from "./rule.ts";
import { described } from "./schema-notes.ts";

/** int32 of the standard. */
const MAX_INT32 = 2_147_483_647;

const fraction = described(
  z
    .strictObject({
      numerator: described(z.int().check(z.minimum(0), z.maximum(MAX_INT32)), "so many", {
        cure: "write a whole number from 0",
      }),
      denominator: described(
        z._default(z.int().check(z.minimum(1), z.maximum(MAX_INT32)), 100),
        "out of so many",
        {
          cure: "write a whole number from 1",
        },
      ),
    })
    .check(
      rule(({ numerator, denominator }, report) => {
        if (typeof numerator !== "number" || typeof denominator !== "number" || numerator <= denominator)
          return;
        report(
          ["numerator"],
          `the numerator ${numerator} is greater than the denominator ${denominator}`,
          `write a numerator of at most ${denominator}`,
        );
      }),
    ),
  "A share of the requests.",
  { id: "Fraction" },
);

export const requestMirror = described(
  z
    .strictObject({
      backendRef: mirrorRef,
      percent: z.exactOptional(
        described(
          z.int().check(z.minimum(0), z.maximum(100)),
          "percentage of the requests that is copied; left out, all; not together with fraction",
          { cure: "write a whole number from 0 to 100; finer shares are written with fraction" },
        ),
      ),
      fraction: z.exactOptional(
        described(fraction, "share of the requests that is copied; not together with percent"),
      ),
    })
    .check(
      rule(({ percent, fraction }, report) => {
        if (percent !== undefined && fraction !== undefined)
          report(["fraction"], "both percent and fraction are written", "keep one of the two");
      }),
    ),
  "Sends a copy of the request to another service or version; its answer is dropped. A body that does not come together with its head is copied up to 64 KiB; requests with a longer one, and upgrades, are not copied.",
  { id: "RequestMirror" },
);
