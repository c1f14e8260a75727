import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign, verify } from "node:crypto";
import { type NKeyKind, publicRaw, publicText, seedRaw, seedText } from "./nkey-text.ts";

/** DER before the 32 raw bytes of an Ed25519 key (RFC 8410 section 7, and its SubjectPublicKeyInfo). */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI = Buffer.from("302a300506032b6570032100", "hex");

/** An Ed25519 key pair in NATS's form. The seed is a secret: it goes to an owner-only file and nowhere else. */
export class NKey {
  readonly kind: NKeyKind;
  /** For example `UABC…`, 56 characters. */
  readonly publicKey: string;
  readonly #raw: Buffer;
  readonly #key: KeyObject;

  /** @param raw 32 secret bytes */
  constructor(kind: NKeyKind, raw: Buffer) {
    this.kind = kind;
    this.#raw = Buffer.from(raw);
    this.#key = createPrivateKey({ key: Buffer.concat([PKCS8, raw]), format: "der", type: "pkcs8" });
    const spki = createPublicKey(this.#key).export({ format: "der", type: "spki" });
    this.publicKey = publicText(kind, spki.subarray(SPKI.length));
  }

  static create(kind: NKeyKind): NKey {
    return new NKey(kind, randomBytes(32));
  }

  /** @throws NKeyError when the text is not a seed */
  static fromSeed(text: string): NKey {
    const { kind, raw } = seedRaw(text.trim());
    return new NKey(kind, raw);
  }

  /** `S…`, as in a `.creds` file. */
  seed(): string {
    return seedText(this.kind, this.#raw);
  }

  sign(data: Uint8Array): Buffer {
    return sign(null, data, this.#key);
  }
}

/**
 * @param publicKey text that begins with the letter of `kind`
 * @returns false for a bad signature and for a text that is no such key
 */
export function verifiedBy(
  kind: NKeyKind,
  publicKey: string,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    const der = Buffer.concat([SPKI, publicRaw(kind, publicKey)]);
    return verify(null, data, createPublicKey({ key: der, format: "der", type: "spki" }), signature);
  } catch {
    return false;
  }
}
