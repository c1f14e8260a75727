import * as z from "zod/mini";
import { parseDuration } from "../protocol/duration.ts";
import { rule } from "./rule.ts";
import { duration } from "./scalars.ts";
import { described } from "./schema-notes.ts";

export const timeouts = described(
  z
    .strictObject({
      request: z.exactOptional(
        described(duration, "for the whole call, with all attempts and waits; 0s is no limit"),
      ),
      backendRequest: z.exactOptional(
        described(duration, "for one attempt, not longer than request; 0s is no limit"),
      ),
    })
    .check(
      rule(({ request, backendRequest }, report) => {
        if (typeof request !== "string" || typeof backendRequest !== "string") return;
        const wholeMs = parseDuration(request) ?? 0;
        if (wholeMs === 0 || (parseDuration(backendRequest) ?? 0) <= wholeMs) return;
        report(
          ["backendRequest"],
          `backendRequest ${backendRequest} is longer than request ${request}`,
          `write at most ${request}`,
        );
      }),
    ),
  "Limits of time (GEP-1742, GEP-2257).",
  { id: "Timeouts" },
);
