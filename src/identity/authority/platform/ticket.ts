import { createHash } from "node:crypto";

/** What an instance enrols with when its platform vouches for it. */
export interface PlatformTicket {
  /** The authority's URL. */
  readonly authority: string;
  /** SHA-256 of the root CA's public key, base64url. */
  readonly pin: string;
  /** A JWT that the platform has signed. */
  readonly token: string;
}

/** A token's name in file names and logs, from which it cannot be had. */
export const ticketId = (token: string): string =>
  createHash("sha256").update(token).digest("hex").slice(0, 32);
