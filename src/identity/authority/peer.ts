import type { TLSSocket } from "node:tls";
import { type Holder, holderIn } from "../keys/spiffe-id.ts";
import { Refusal } from "./refusal.ts";

/** Who is on the other end of a connection, by its certificate, which TLS has checked. */
export interface Peer {
  readonly holder: Holder;
  /** The NKey that the certificate was issued along with; parts have none. */
  readonly nkey: string | undefined;
  /** When the certificate began to be good, in Unix ms. */
  readonly issuedAt: number;
}

/** @throws Refusal when there is no certificate, or none of ours, or one that has expired */
export function peerOf(mesh: string, socket: TLSSocket): Peer {
  const certificate = socket.getPeerCertificate();
  if (certificate === null || Object.keys(certificate).length === 0)
    throw new Refusal(
      "certificate-missing",
      "no client certificate was shown",
      "connect with the instance's own certificate",
    );
  const problem: unknown = socket.authorizationError;
  if (!socket.authorized) {
    if (problem === "CERT_HAS_EXPIRED")
      throw new Refusal(
        "certificate-expired",
        "the client certificate has expired",
        'enrol again with a new token: "weft token SERVICE"',
      );
    throw new Refusal(
      "certificate-refused",
      `the client certificate is not of this mesh (${problem})`,
      "enrol with a token of this mesh",
    );
  }
  const holder = holderIn(mesh, certificate.subjectaltname);
  if (holder === undefined)
    throw new Refusal(
      "certificate-refused",
      "the client certificate names nobody of this mesh",
      "enrol with a token of this mesh",
    );
  const unit: unknown = certificate.subject.OU;
  return {
    holder,
    nkey: typeof unit === "string" ? unit : undefined,
    issuedAt: Date.parse(certificate.valid_from),
  };
}

/** For what only the registry tells. @throws Refusal */
export function requireRegistry(mesh: string, socket: TLSSocket): void {
  const { holder } = peerOf(mesh, socket);
  if (holder.kind !== "part" || holder.part !== "registry")
    throw new Refusal(
      "not-registry",
      "only the registry may do this",
      "use the certificate in users/registry of the state folder",
    );
}

/** For what only an administrator may do. @throws Refusal */
export function requireAdmin(mesh: string, socket: TLSSocket): void {
  const { holder } = peerOf(mesh, socket);
  if (holder.kind !== "part" || holder.part !== "admin")
    throw new Refusal(
      "not-admin",
      "only the admin may do this",
      "use the certificate in users/admin of the state folder",
    );
}
