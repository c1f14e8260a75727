import { z } from "zod";
import { MOST_TOKEN_CHARACTERS } from "../../bearer/compact-jwt.ts";
import { isToken } from "../../subjects/token.ts";
import { cidrProblem } from "./source-address.ts";
import { MOST_USES } from "./token-store.ts";

const name = z.string().refine(isToken, 'use 1 to 63 of the characters a-z, 0-9 and "-"');
const base64 = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9+/]+=*$/, "not base64");

const nkey = z.string().regex(/^U[A-Z2-7]{55}$/, "not the public NKey of a user");

const claim = {
  version: name,
  nkey,
  tlsKey: base64,
  nkeyProof: base64,
  tlsKeyProof: base64,
};

/** Unknown fields are ignored: either side may be one version older. */
export const enrolSchema = z
  .object({
    /** Which service the sidecar means to be. A check only: it becomes what the token says. */
    service: name.optional(),
    token: z
      .object({
        id: z.string().regex(/^[0-9a-f]{12}$/, "not a token's id"),
        secret: z.string().min(1).max(64),
      })
      .optional(),
    /** In place of a token of ours: one that an issuer has signed for a workload of its platform. */
    platform: z.object({ token: z.string().min(1).max(MOST_TOKEN_CHARACTERS) }).optional(),
    ...claim,
  })
  .refine(
    ({ token, platform }) => (token === undefined) !== (platform === undefined),
    "give either token or platform",
  );

export const renewSchema = z.object(claim);

const DAY_MS = 86_400_000;

const cidr = z.string().check(({ value, issues }) => {
  const message = cidrProblem(value);
  if (message !== undefined) issues.push({ code: "custom", input: value, message });
});

export const tokenSchema = z.strictObject({
  service: name,
  ttlMs: z
    .int()
    .min(1000)
    .max(30 * DAY_MS)
    .default(15 * 60_000),
  uses: z.int().min(1).max(MOST_USES).default(1),
  cidrs: z.array(cidr).max(16).default([]),
});

export const tapSchema = z.strictObject({
  nkey,
  service: name,
  side: z.enum(["server", "client"]),
  where: z
    .string()
    .max(500)
    .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, "no control characters"),
  bodyBytes: z.int().min(0),
  forMs: z.int().min(1000).max(3_600_000),
});

/** The longest time over which a registry spreads renewals. */
const MOST_WITHIN_MS = 600_000;

const verdict = z.enum(["allow", "deny"]);

export const accessSchema = z.object({
  lineage: z.string().min(1).max(64),
  revision: z.int().min(0),
  withinMs: z.int().min(0).max(MOST_WITHIN_MS).optional(),
  table: z.object({
    default: verdict,
    callees: z.record(name, z.object({ others: verdict, except: z.array(name) })),
  }),
});
