import * as z from "zod/mini";
import type { Frozen } from "../../../resources/freeze.ts";
import { findingsOf } from "../../../resources/issue-findings.ts";
import { jwksFields, jwksRules } from "../../../resources/jwks.ts";
import { rule, unique } from "../../../resources/rule.ts";
import { serviceName } from "../../../resources/scalars.ts";
import { described } from "../../../resources/schema-notes.ts";
import { tokenIssuer } from "../../../resources/token-issuer.ts";
import { type ClaimPattern, isPattern } from "./claim-match.ts";

/*
 * The file of `weft up --trust-issuers`: whose tokens the authority takes in place of its own, and which service each of
 * them is. Checks, defaults and words are those of policy.
 */

const text = (max: number) => z.string().check(z.minLength(1), z.maxLength(max));

const WILDCARD = {
  cure: "let each * stand for one whole part between : or /, as in system:serviceaccount:shop:*",
};
const pattern = described(text(1024).check(z.refine(isPattern)), "what the claim must be", WILDCARD);

/** Claims of Kubernetes are nested this deep. */
const MOST_DEPTH = 4;
const value = (depth: number): z.ZodMiniType<ClaimPattern> =>
  z.union([pattern, z.number(), z.boolean(), ...(depth > 0 ? [claims(depth - 1)] : [])]) as never;
const claims = (depth: number): z.ZodMiniType<Record<string, ClaimPattern>> =>
  z.record(text(256), value(depth)).check(
    rule((object, report) => {
      const { length } = Object.keys(object);
      if (length === 0) report([], "no claim is named", "name at least one: it would fit every token");
      if (length > 16) report([], "more than 16 claims are named", "name those that tell workloads apart");
    }),
  ) as never;

const mapping = described(
  z.strictObject({
    claims: described(
      claims(MOST_DEPTH),
      "what the claims of a token must be, all of them; nested as in the token",
    ),
    service: serviceName,
    instances: z._default(
      described(z.int().check(z.minimum(1), z.maximum(1000)), "how many instances one token may enrol", {
        cure: "write a whole number from 1 to 1000",
      }),
      10,
    ),
  }),
  "Which tokens are of which service.",
);

const jwks = z
  .strictObject({
    ...jwksFields,
    file: z.exactOptional(
      described(text(4096), "file with the JWK set, read anew as often as a URI would be fetched"),
    ),
  })
  .check(...jwksRules(["uri", "keys", "file"]));

const issuer = z.strictObject({
  name: described(text(63).check(z.regex(/^[a-z0-9-]+$/)), "name of the issuer, for logs", {
    cure: 'write a name of a-z, 0-9 and "-"',
  }),
  ...tokenIssuer,
  jwks,
  rules: described(
    z.array(mapping).check(z.minLength(1), z.maxLength(1000)),
    "the first that fits a token, and is for the service that is asked for, decides",
  ),
});

const file = z.strictObject({ issuers: z.array(issuer).check(z.minLength(1), z.maxLength(16)) }).check(
  rule(({ issuers }, report) => {
    const same = (name: string) => name;
    unique(issuers, "issuers", "issuer", same, report);
    unique(issuers, "issuers", "issuer", same, report, "issuer");
  }),
);

export type TrustedIssuer = Frozen<z.output<typeof issuer>>;
export type ServiceRule = TrustedIssuer["rules"][number];

/** The file says something that cannot be meant; one line for each. */
export class TrustedIssuersError extends Error {
  override readonly name = "TrustedIssuersError";
}

/** @param value as YAML or JSON gives it @throws TrustedIssuersError */
export function readTrustedIssuers(value: unknown): readonly TrustedIssuer[] {
  const parsed = file.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data.issuers as readonly TrustedIssuer[];
  const findings = findingsOf(file, parsed.error.issues, { document: 0 });
  throw new TrustedIssuersError(
    findings
      .map(({ path, message, cure }) => `${path === "" ? "file" : path}: ${message}: ${cure}`)
      .join("\n"),
  );
}
