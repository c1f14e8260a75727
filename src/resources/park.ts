import * as z from "zod/mini";
import { durationWithin } from "./scalars.ts";
import { described } from "./schema-notes.ts";

/** A call that is held costs memory, and its caller waits; who wants hours wants a queue, not a mesh. */
const MAX_WAIT_MS = 600_000;
const MOST_CALLS = 10_000;

/** What becomes of calls for which there is no instance at the moment. */
export const park = described(
  z.strictObject({
    maxWait: z._default(
      described(
        durationWithin(0, MAX_WAIT_MS, "is longer than 10m"),
        "how long a call is held, at most 10m and never past its deadline; 0s switches parking off",
        { cure: "write a duration of at most 10m, such as 5s" },
      ),
      "5s",
    ),
    maxCalls: z._default(
      described(
        z.int().check(z.minimum(1), z.maximum(MOST_CALLS)),
        "calls to the service that one caller's sidecar holds at once; more fail as they would without parking",
        { cure: `write a whole number from 1 to ${MOST_CALLS}` },
      ),
      100,
    ),
  }),
  "Holds calls while no instance is there, and sends them in their order when one comes: few at first, then as many as it takes; what finds it at its limits is held on. What was held too long is answered with 503 `parked-expired` and `Retry-After`. It is for instances that are away, not for a broker that is: a call that begins then is held for `--broker-wait` of its sidecar, and answered with `broker-away` after that; those that are held already stay held, for maxWait at most.",
  { id: "Park" },
);
