/** What a connection proves itself with. Read anew at each connect, so a renewal needs no new object. */
export interface Credentials {
  /** `host:port` or `tls://host:port` of each broker. */
  servers(): readonly string[];
  /** The user JWT, or undefined for a server without operator mode. */
  jwt(): string | undefined;
  /** Ed25519 signature over the server's nonce, by the user's NKey, which never leaves its owner. */
  sign(nonce: Uint8Array): Uint8Array;
  /** Mutual TLS; undefined only where the broker has TLS switched off. */
  tls(): TlsMaterial | undefined;
}

/** PEM texts. `servername` is the name every broker's certificate carries, wherever it runs. */
export interface TlsMaterial {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly servername: string;
}

/** The name in each broker's certificate: one name for all brokers, so that addresses may change freely. */
export const BROKER_NAME = "nats.mesh";
/** The name in the authority's certificate. */
export const AUTHORITY_NAME = "authority.mesh";
