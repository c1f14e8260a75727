import { createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { Refusal } from "./authority/refusal.ts";
import { type NKey, verifiedBy } from "./keys/nkey.ts";
import { spkiOf } from "./keys/tls-key.ts";
import type { Claim } from "./wire.ts";

/**
 * Proof that a sidecar has both private keys it names. The signed text holds a value that only the two ends of this
 * TLS connection know (RFC 9266, tls-exporter), so a proof is worth nothing on another connection: no replay, no
 * relay, and no clocks to compare. A CSR would prove one key only, and for ever.
 */
export function makeClaim(
  purpose: string,
  socket: TLSSocket,
  version: string,
  nkey: NKey,
  tlsKey: KeyObject,
): Claim {
  const claim = { version, nkey: nkey.publicKey, tlsKey: spkiOf(tlsKey).toString("base64") };
  const text = signedText(purpose, socket, claim);
  return {
    ...claim,
    nkeyProof: nkey.sign(text).toString("base64"),
    tlsKeyProof: sign("sha256", text, tlsKey).toString("base64"),
  };
}

/**
 * @param purpose what the claim is for: `renew`, `enrol <token id>`, or `enrol platform <its id>`
 * @returns the public TLS key, which is a P-256 key
 * @throws Refusal when a proof or the key is bad
 */
export function checkClaim(purpose: string, socket: TLSSocket, claim: Claim): KeyObject {
  const key = p256(claim.tlsKey);
  const text = signedText(purpose, socket, claim);
  const proven =
    verifiedBy("U", claim.nkey, text, Buffer.from(claim.nkeyProof, "base64")) &&
    verify("sha256", text, key, Buffer.from(claim.tlsKeyProof, "base64"));
  if (proven) return key;
  throw new Refusal(
    "proof-bad",
    "the signatures do not prove the keys on this connection",
    "connect to the authority directly: nothing in between may end the TLS connection",
  );
}

function signedText(
  purpose: string,
  socket: TLSSocket,
  claim: Pick<Claim, "version" | "nkey" | "tlsKey">,
): Buffer {
  const channel = socket.exportKeyingMaterial(32, "EXPORTER-Channel-Binding", Buffer.alloc(0));
  const lines = ["weft-claim-1", purpose, channel.toString("hex"), claim.version, claim.nkey, claim.tlsKey];
  return Buffer.from(lines.join("\n"));
}

function p256(spki: string): KeyObject {
  try {
    const key = createPublicKey({ key: Buffer.from(spki, "base64"), format: "der", type: "spki" });
    if (key.asymmetricKeyDetails?.namedCurve === "prime256v1") return key;
  } catch {}
  throw new Refusal(
    "bad-request",
    "tlsKey is not a P-256 public key",
    "send SubjectPublicKeyInfo, DER, base64",
  );
}
