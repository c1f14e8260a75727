import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { LedgerEntry } from "../../identity/records/ledger.ts";
import { openLedger } from "../../identity/records/records.ts";
import { failure } from "../../registry/http/errors.ts";
import { signInFirst } from "./registry-routes.ts";

export interface IdentityDeps {
  readonly stateDir: string;
  readonly now: () => number;
  readonly isSignedIn: (request: FastifyRequest) => boolean;
}

/** Sidecars renew at half of a lifetime: what has less left than this share of it may be in trouble. */
const ENDS_SOON = 0.25;

/** Who the authority has let in, from its own files. */
export function addIdentityRoutes(app: FastifyInstance, { stateDir, now, isSignedIn }: IdentityDeps): void {
  // Looking must not make the folder of an authority that runs elsewhere.
  const hasLedger = () => existsSync(join(stateDir, "authority", "identities"));

  // Who came from where, and with what, is only for who is signed in.
  app.get("/api/identities", async (request, reply) => {
    if (!isSignedIn(request)) return signInFirst(reply);
    if (!hasLedger())
      return reply
        .code(404)
        .send(
          failure(
            "no-ledger",
            "identities are kept on the machine of the authority: run the dashboard there, with --state DIR of its mesh",
          ),
        );
    const at = now();
    const identities = openLedger(stateDir)
      .list(at)
      .map(({ nkey: _, ...shown }) => shown);
    return { at, identities };
  });

  // For commands that can be copied from a page. A folder without a mesh is not the one that they need.
  app.get("/api/state", async () =>
    existsSync(join(stateDir, "trust")) ? { folder: resolve(stateDir) } : {},
  );

  // What is wrong has to be seen by everybody; names of instances are no secret.
  app.get("/api/expiring", async () => {
    const at = now();
    const identities = hasLedger() ? openLedger(stateDir).list(at).filter(endsSoon(at)) : [];
    return { identities: identities.map(lifetimeOf) };
  });
}

const endsSoon =
  (now: number) =>
  ({ revokedAt, issuedAt, jwtExpiresAt, certExpiresAt }: LedgerEntry): boolean =>
    revokedAt === undefined &&
    [jwtExpiresAt, certExpiresAt].some((endsAt) => endsAt - now < ENDS_SOON * (endsAt - issuedAt));

const lifetimeOf = ({ service, instance, issuedAt, jwtExpiresAt, certExpiresAt }: LedgerEntry) => ({
  ...{ service, instance, issuedAt, jwtExpiresAt, certExpiresAt },
});
