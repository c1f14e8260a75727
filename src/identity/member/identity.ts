import { join } from "node:path";
import { BROKER_NAME, type Credentials } from "../../bus/credentials.ts";
import { NKey } from "../keys/nkey.ts";
import { privateFolder, readSecret, SecretFileError, writeSecret } from "../keys/secret-files.ts";
import { keyFromPem } from "../keys/tls-key.ts";
import type { Grant } from "../wire.ts";

/** All that an instance has, as it is kept in `identity.json`: one file, so that its parts always fit each other. */
interface Kept {
  readonly authority: string;
  readonly seed: string;
  /** PEM */
  readonly tlsKey: string;
  readonly grant: Grant;
}

/** Who one instance is, and what it proves it with. Renewed in place: whoever holds `credentials` has the newest. */
export class Identity {
  /** The authority's URL. */
  readonly authority: string;
  readonly nkey: NKey;
  readonly credentials: Credentials;
  #tlsKey: string;
  #grant: Grant;
  readonly #folder: string | undefined;

  /**
   * @param tlsKey PEM, the key of the grant's certificate
   * @param folder where it is kept; nowhere when absent
   */
  constructor(authority: string, nkey: NKey, tlsKey: string, grant: Grant, folder?: string) {
    this.authority = authority;
    this.nkey = nkey;
    this.#tlsKey = tlsKey;
    this.#grant = grant;
    this.#folder = folder === undefined ? undefined : privateFolder(folder);
    this.credentials = {
      servers: () => this.#grant.brokers,
      jwt: () => this.#grant.jwt,
      sign: (nonce) => nkey.sign(nonce),
      tls: () => ({ ...this.tls, servername: BROKER_NAME }),
    };
  }

  get mesh(): string {
    return this.#grant.mesh;
  }
  get service(): string {
    return this.#grant.service;
  }
  get instance(): string {
    return this.#grant.instance;
  }
  get version(): string {
    return this.#grant.version;
  }
  /** Unix time in ms, as the three below. */
  get issuedAt(): number {
    return this.#grant.issuedAt;
  }
  get jwtExpiresAt(): number {
    return this.#grant.jwtExpiresAt;
  }
  /** From then on only a new token helps. */
  get certExpiresAt(): number {
    return this.#grant.certExpiresAt;
  }
  /** Not everybody may call this service. An authority of an earlier version does not say so. */
  get guarded(): boolean {
    return this.#grant.guarded ?? false;
  }
  /** PEM texts. */
  get tls(): { readonly ca: string; readonly cert: string; readonly key: string } {
    return { ca: this.#grant.ca, cert: this.#grant.cert, key: this.#tlsKey };
  }

  /** Takes what a renewal brought. Kept before it is used. */
  replace(tlsKey: string, grant: Grant): void {
    this.#keep(tlsKey, grant);
    this.#tlsKey = tlsKey;
    this.#grant = grant;
  }

  /** Writes it into its folder, if it has one. */
  keep(): void {
    this.#keep(this.#tlsKey, this.#grant);
  }

  #keep(tlsKey: string, grant: Grant): void {
    if (this.#folder === undefined) return;
    const kept: Kept = { authority: this.authority, seed: this.nkey.seed(), tlsKey, grant };
    writeSecret(fileIn(this.#folder), JSON.stringify(kept));
  }
}

/**
 * The identity that is kept in a folder.
 * @returns undefined when there is none; it may have expired
 * @throws SecretFileError when others can read it, or it is damaged
 */
export function keptIdentity(folder: string): Identity | undefined {
  const text = readSecret(fileIn(folder));
  if (text === undefined) return undefined;
  try {
    const { authority, seed, tlsKey, grant } = JSON.parse(text) as Kept;
    keyFromPem(tlsKey);
    return new Identity(authority, NKey.fromSeed(seed), tlsKey, grant, folder);
  } catch {
    // Not the cause: it may repeat a part of the file.
    throw new SecretFileError(`${fileIn(folder)} is damaged: remove it and enrol with a new token`);
  }
}

const fileIn = (folder: string): string => join(folder, "identity.json");
