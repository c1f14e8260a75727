import type { Lifetime } from "../data/answers.ts";

/**
 * Sidecars renew at half of a lifetime (src/identity/renewal.ts). With less than a quarter left renewal has failed a
 * few times; with less than a tenth it will hardly come.
 */
const LATE = 0.25;
const LAST = 0.1;

export interface Ending {
  readonly tone: "ok" | "fair" | "bad";
  readonly what: "credential" | "certificate";
  readonly endsAt: number;
}

/** What of an identity ends first, measured by its own lifetime. @param now Unix ms */
export function endingOf({ issuedAt, jwtExpiresAt, certExpiresAt }: Lifetime, now: number): Ending {
  const left = (endsAt: number) => (endsAt - now) / Math.max(1, endsAt - issuedAt);
  const isCertificate = left(certExpiresAt) <= left(jwtExpiresAt);
  const endsAt = isCertificate ? certExpiresAt : jwtExpiresAt;
  const share = left(endsAt);
  return {
    tone: share < LAST ? "bad" : share < LATE ? "fair" : "ok",
    what: isCertificate ? "certificate" : "credential",
    endsAt,
  };
}
