import { z } from "zod";
import { KINDS } from "../../resources/read.ts";
import { isToken } from "../../subjects/token.ts";
import { MAX_NAMED, MAX_WITHIN_MS, WITHIN_MS } from "../renew/wire.ts";

const time = z.iso.datetime().describe("RFC 3339, UTC");
const revision = z.int().min(0).describe("Counts the changes of the whole policy");
const lineage = z
  .string()
  .describe("Another lineage is another history: then revisions mean nothing to each other");
const resource = z
  .record(z.string(), z.unknown())
  .describe("A resource of one of the kinds, with all defaults");
const kind = z.enum(KINDS);
const name = z.string().min(1).max(253);
const namespace = z.string().min(1).max(63);

/** Who is a claim of the client, for people who read the history; nothing that could forge a line of it. */
const by = z
  .string()
  .max(200)
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, "no control characters")
  .default("unknown")
  .describe("Who makes the change, as the history shows it");
const dryRun = z.boolean().default(false).describe("Tell what would be done, and do nothing");

export const applyBody = z.strictObject({
  resources: z
    .array(z.unknown())
    .min(1)
    .max(10_000)
    .describe("Resources, as in YAML; all are taken, or none"),
  dryRun,
  allowUnknown: z.boolean().default(false).describe("Take services and versions that were never seen"),
  by,
});
export const deleteBody = z.strictObject({
  resources: z
    .array(z.strictObject({ kind, name, namespace: namespace.exactOptional() }))
    .min(1)
    .max(10_000),
  dryRun,
  by,
});
export const rollbackBody = z.strictObject({
  revision: revision.exactOptional().describe("The one before when it is left out"),
  dryRun,
  by,
});
export const analyzeBody = z.strictObject({
  resources: z.array(z.unknown()).max(10_000).describe("Read as if they were applied; none: what is applied"),
});

export const policyQuery = z.strictObject({
  kind: kind.optional(),
  name: name.optional(),
  namespace: namespace.optional(),
});
export const revisionParams = z.object({ revision: z.coerce.number().int().min(0) });
export const explainParams = z.object({ requestId: z.string() });

const findings = z.array(
  z.object({
    code: z.string().describe("For programs: it does not change"),
    severity: z.enum(["error", "warning"]),
    document: z.int().optional().describe("Index in the resources of the request"),
    resource: z.string().optional().describe("Kind and name"),
    path: z.string().describe("Place in the document; empty for the document itself"),
    message: z.string(),
    cure: z.string(),
    other: z
      .object({ document: z.int(), path: z.string() })
      .optional()
      .describe("The other of two places that are wrong together"),
  }),
);
const entry = z.object({ createdAt: time, revision, resource });

export const policyAnswer = z.object({
  lineage,
  revision,
  at: time.describe("When it became what it is"),
  store: z
    .object({
      state: z.enum(["loading", "kept", "away", "broken"]),
      since: time.optional(),
      cause: z.string().optional(),
    })
    .describe("away or broken: this is what was read last, and nothing can be changed"),
  resources: z.array(entry),
});
export const changeAnswer = z.object({
  revision: revision.describe("The new one; the old one when nothing was changed"),
  dryRun: z.boolean(),
  changes: z.array(
    z.object({
      change: z.enum(["created", "configured", "unchanged", "deleted"]),
      key: z.string().describe("kind/namespace/name"),
      before: resource.optional(),
      after: resource.optional(),
    }),
  ),
  findings: findings.describe("Warnings"),
});
export const findingsAnswer = z.object({ findings });
export const refusedAnswer = z.object({
  error: z.object({ code: z.literal("refused"), message: z.string() }),
  findings,
});

const summary = z.object({
  revision,
  at: time,
  by: z.string(),
  cause: z.string().describe("start, apply, delete, or rollback to a revision"),
  created: z.int(),
  configured: z.int(),
  deleted: z.int(),
});
export const historyAnswer = z.object({ revisions: z.array(summary).describe("The newest first") });
export const revisionAnswer = summary.extend({ lineage, resources: z.array(entry) });

export const sidecarsAnswer = z.object({
  lineage,
  revision,
  authority: z
    .object({
      kind: z.enum(["none", "told", "behind"]),
      revision: revision.optional(),
      since: time.optional(),
      cause: z.string().optional(),
      unlisted: z
        .array(z.string())
        .optional()
        .describe("Callers whose list of callees is too long for a JWT; *: those that no rule names"),
      away: z
        .object({ since: time, cause: z.string() })
        .optional()
        .describe("It does not answer: identities are neither given nor renewed; absent while it does"),
    })
    .describe("The revision whose authorization new identities carry, so that the broker enforces it, too"),
  sidecars: z.array(
    z.object({
      service: z.string(),
      instance: z.string(),
      version: z.string(),
      weft: z.string().optional().describe("The version of Weft that it runs; absent when it does not tell"),
      frames: z.int().optional().describe("The version of the frames in which it sends and takes calls"),
      role: z.enum(["instance", "caller"]).describe("caller: it has no app"),
      policyRevision: z.int().optional().describe("Which policy it runs, with everything it knows of"),
      lagging: z.boolean().describe("It does not run the newest policy"),
      lastSeen: time,
    }),
  ),
});

const code = z.string().describe("A code of the mesh; empty when the app answered");
export const explainAnswer = z.object({
  requestId: z.string(),
  accounts: z
    .array(
      z.looseObject({
        side: z.enum(["client", "server"]),
        service: z.string(),
        instance: z.string(),
        at: z.number().describe("Unix ms by the teller's clock"),
        status: z.number(),
        code,
        ms: z.number(),
      }),
    )
    .describe("What each sidecar knows of the request, the earliest first"),
});

export const renewalBody = z.strictObject({
  issuedBefore: z.int().min(0).describe("Unix time in ms, by the authority's clock"),
  services: z
    .array(z.string().refine(isToken, "not a service's name"))
    .min(1)
    .max(MAX_NAMED)
    .exactOptional()
    .describe("Whose instances; everybody's when it is left out"),
  withinMs: z.int().min(0).max(MAX_WITHIN_MS).default(WITHIN_MS).describe("The time they are spread over"),
});
export const renewalAnswer = z.object({ asked: z.literal(true) });
