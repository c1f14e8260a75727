import { setTimeout as delay } from "node:timers/promises";
import { type PlatformTicket, ticketId } from "../authority/platform/ticket.ts";
import { NKey } from "../keys/nkey.ts";
import { keyPem, newTlsKey } from "../keys/tls-key.ts";
import { makeClaim } from "../proofs.ts";
import type { Grant } from "../wire.ts";
import { AuthorityError, askAuthority } from "./authority-client.ts";
import { Identity, keptIdentity } from "./identity.ts";
import { parseJoinToken } from "./join-token.ts";
import { pinnedRoot } from "./pinned-root.ts";

export interface EnrolOptions {
  /** Refuses a token of another service, which stays good then; whichever it is for when absent. */
  readonly service?: string;
  readonly version: string;
  /** Where the identity is kept, so that a restart needs no new token; nowhere when absent. */
  readonly folder?: string;
}

/** A lost answer costs no token, because the authority knows the key again; so a few tries are safe. */
const RETRY_AFTER_MS = [250, 1000, 3000];

/**
 * Turns a token of ours, or one of a platform, into an identity. Both keys are made here and stay here.
 * @throws JoinTokenError, AuthorityError with the cure
 */
export async function enrol(
  ticket: string | PlatformTicket,
  { service, version, folder }: EnrolOptions,
): Promise<Identity> {
  const { url, pin, purpose, proof } = typeof ticket === "string" ? ofToken(ticket) : ofPlatform(ticket);
  const nkey = NKey.create("U");
  const tlsKey = newTlsKey();
  const attempt = async (): Promise<Grant> =>
    askAuthority<Grant>(url, "/enrol", { ca: await pinnedRoot(url, pin) }, (socket) => ({
      ...proof,
      ...(service === undefined ? {} : { service }),
      ...makeClaim(purpose, socket, version, nkey, tlsKey),
    }));
  const identity = new Identity(url, nkey, keyPem(tlsKey), await patiently(attempt), folder);
  identity.keep();
  return identity;
}

/** Where to enrol, and what is shown there. */
interface Way {
  readonly url: string;
  readonly pin: string;
  readonly purpose: string;
  readonly proof: object;
}

function ofToken(text: string): Way {
  const { url, pin, id, secret } = parseJoinToken(text);
  return { url, pin, purpose: `enrol ${id}`, proof: { token: { id, secret } } };
}

const ofPlatform = ({ authority, pin, token }: PlatformTicket): Way => ({
  ...{ url: authority, pin, purpose: `enrol platform ${ticketId(token)}`, proof: { platform: { token } } },
});

/**
 * Renews JWT and certificate, the latter for a new key.
 * @param version of the instance from now on; the present one when absent
 * @throws AuthorityError
 */
export async function renewIdentity(identity: Identity, version = identity.version): Promise<void> {
  const tlsKey = newTlsKey();
  const grant = await askAuthority<Grant>(identity.authority, "/renew", identity.tls, (socket) =>
    makeClaim("renew", socket, version, identity.nkey, tlsKey),
  );
  identity.replace(keyPem(tlsKey), grant);
}

/**
 * The identity of an earlier run, good for use: renewed when its JWT has expired or is for another version.
 * @returns undefined when there is none, it is another service's, or too old to be renewed: then a token is needed
 * @throws AuthorityError, SecretFileError
 */
export async function reuseIdentity(
  folder: string,
  { service, version, now = Date.now() }: { service: string; version: string; now?: number },
): Promise<Identity | undefined> {
  const identity = keptIdentity(folder);
  if (identity === undefined || identity.service !== service || now >= identity.certExpiresAt)
    return undefined;
  if (identity.version !== version || now >= identity.jwtExpiresAt) await renewIdentity(identity, version);
  return identity;
}

async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
  for (const waitMs of RETRY_AFTER_MS) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof AuthorityError) || error.code !== "unreachable") throw error;
      await delay(waitMs);
    }
  }
  return attempt();
}
