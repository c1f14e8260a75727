import {
  constants,
  createHmac,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign,
} from "node:crypto";

/** A key pair of an issuer of tokens, as node:crypto makes it: no library that is under test has a part in it. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** The public key as its issuer publishes it. */
  readonly jwk: JsonWebKey & { readonly kid: string };
}

const PAIRS: Readonly<Record<string, () => { privateKey: KeyObject; publicKey: KeyObject }>> = {
  RS256: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  PS256: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  RS256_WEAK: () => generateKeyPairSync("rsa", { modulusLength: 1024 }),
  ES256: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  ES384: () => generateKeyPairSync("ec", { namedCurve: "P-384" }),
  EdDSA: () => generateKeyPairSync("ed25519"),
};

export function signingKey(kid: string, kind: keyof typeof PAIRS = "ES256"): SigningKey {
  const { privateKey, publicKey } = PAIRS[kind]!();
  const jwk = { ...publicKey.export({ format: "jwk" }), kid };
  return { kid, alg: String(kind).replace("_WEAK", ""), privateKey, publicKey, jwk };
}

export const base64url = (value: unknown): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

/** Any three parts, signed in any way: what an attacker can make. */
export function rawToken(header: unknown, claims: unknown, signed: (input: string) => Buffer): string {
  const input = `${base64url(header)}.${base64url(claims)}`;
  return `${input}.${signed(input).toString("base64url")}`;
}

const HASH: Readonly<Record<string, string>> = { ES384: "sha384" };

/** @param alg how it is signed; that of the key when absent */
export function signedBy({ privateKey, alg: own }: SigningKey, alg = own): (input: string) => Buffer {
  return (input) => {
    const data = Buffer.from(input);
    if (alg === "EdDSA") return sign(null, data, privateKey);
    const hash = HASH[alg] ?? "sha256";
    if (alg.startsWith("ES")) return sign(hash, data, { key: privateKey, dsaEncoding: "ieee-p1363" });
    if (alg === "PS256")
      return sign(hash, data, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
    return sign(hash, data, privateKey);
  };
}

export const hmacWith =
  (secret: string | Buffer) =>
  (input: string): Buffer =>
    createHmac("sha256", secret).update(input).digest();

/** A token as an issuer makes it. */
export const tokenOf = (key: SigningKey, claims: unknown, header: object = {}): string =>
  rawToken({ alg: key.alg, kid: key.kid, ...header }, claims, signedBy(key));
