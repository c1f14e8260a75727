import * as z from "zod/mini";
import { SIGNATURE_ALGORITHMS, USUAL_ALGORITHMS } from "../protocol/signature-algorithm.ts";
import type { Frozen } from "./freeze.ts";
import { jwks } from "./jwks.ts";
import { durationWithin } from "./scalars.ts";
import { described } from "./schema-notes.ts";

const MAX_SKEW_MS = 300_000;

const text = (max: number) => z.string().check(z.minLength(1), z.maxLength(max));

/** Whose tokens are believed, and which of them: the same for end users and for a platform's workloads. */
export const tokenIssuer = {
  issuer: described(text(1024), "the issuer, exactly as the claim `iss` of its tokens has it"),
  audiences: described(
    z.array(text(1024)).check(z.minLength(1), z.maxLength(16)),
    "the claim `aud` of a token must name one of these, so that a token for another service is of no use here",
    { missing: "without it every token of the issuer would do, whoever it was made for (RFC 8725 §3.9)" },
  ),
  jwks,
  algorithms: z._default(
    described(
      z.array(z.enum(SIGNATURE_ALGORITHMS)).check(z.minLength(1), z.maxLength(SIGNATURE_ALGORITHMS.length)),
      "the algorithms that a token may be signed with",
      { cure: `write some of ${SIGNATURE_ALGORITHMS.join(", ")}: none and HS256 are never taken` },
    ),
    () => [...USUAL_ALGORITHMS],
  ),
  type: z.exactOptional(
    described(
      text(64),
      "what the header `typ` of a token must be, such as at+jwt (RFC 9068); left out, anything: write it where the issuer also signs other things than access tokens",
    ),
  ),
  clockSkew: z._default(
    described(
      durationWithin(0, MAX_SKEW_MS, "is longer than 5m"),
      "how far the clocks may differ when `exp`, `nbf` and `iat` are looked at, at most 5m",
      { cure: "write a duration of at most 5m, such as 60s" },
    ),
    "60s",
  ),
};

const whole = z.strictObject(tokenIssuer);

export type TokenIssuer = Frozen<z.output<typeof whole>>;
export type Jwks = TokenIssuer["jwks"];
