import * as z from "zod/mini";
import type { Frozen } from "./freeze.ts";
import { exactlyOne, rule } from "./rule.ts";
import { cookieName, duration, headerName } from "./scalars.ts";
import { described } from "./schema-notes.ts";

const POLICIES = [
  "peak-ewma",
  "least-loaded",
  "round-robin",
  "random",
  "queue-group",
  "consistent-hash",
] as const;

/** What calls have in common that shall go to the same instance. */
export type HashSource = { header: string } | { cookie: string } | { ip: true };

/** Flat, so that a wrong field is named; the rule makes it the union that it is typed as. */
const hash = described(
  z
    .strictObject({
      header: z.exactOptional(described(headerName, "by the value of this header field")),
      cookie: z.exactOptional(described(cookieName, "by the value of this cookie")),
      ip: z.exactOptional(
        described(z.literal(true), "by the address of the client", { cure: "write true, or leave it out" }),
      ),
    })
    .check(exactlyOne("hash", ["header", "cookie", "ip"], "header: x-user")),
  "What a call is hashed by; one without it goes where `peak-ewma` would send it. Exactly one field is written.",
  { id: "BalanceHash" },
) as unknown as z.ZodMiniType<HashSource, HashSource>;

/** Which instance gets a call. */
export const balance = described(
  z
    .strictObject({
      policy: described(
        z._default(z.enum(POLICIES), "peak-ewma"),
        "`peak-ewma`: of two drawn at random the one that is likely to answer first, by its calls under way and its latest and slowest times; `least-loaded`: of two the one with fewer calls under way; `round-robin`; `random`; `queue-group`: the broker chooses; `consistent-hash`: the same instance for the same user",
        { cure: `write one of ${POLICIES.join(", ")}` },
      ),
      hash: z.exactOptional(hash),
      zone: described(
        z._default(z.enum(["prefer", "ignore"]), "prefer"),
        "`prefer` sends calls to instances of the caller's zone while enough of them are healthy; does not apply to `consistent-hash` and `queue-group`",
        { cure: "write prefer or ignore" },
      ),
      slowStart: described(
        z._default(duration, "10s"),
        "time over which an instance that is new gets from a tenth up to its whole share; 0s is none; does not apply to `consistent-hash` and `queue-group`",
      ),
    })
    .check(
      rule(({ policy, hash }, report) => {
        if (policy === "consistent-hash" && hash === undefined)
          report([], "consistent-hash has nothing to hash", "add hash, for example hash: {header: x-user}");
        else if (policy !== "consistent-hash" && hash !== undefined)
          report(
            ["hash"],
            "hash is for consistent-hash only",
            "write policy: consistent-hash, or leave it out",
          );
      }),
    ),
  "Which instance of the service gets a call.",
  { id: "Balance" },
);

/** A checked policy with all defaults in it. */
export type BalancePolicy = Frozen<z.output<typeof balance>>;
