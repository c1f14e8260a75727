/** Paths of PEM files for one TLS listener. */
export type TlsFiles = {
  certFile: string;
  keyFile: string;
  /** The CA (bundle) whose certificates are let in: both sides always show one. */
  caFile: string;
};

/** What the broker must be told in order to recognise the mesh's users. Public data, but for the key file's content. */
export type Trust = {
  operatorJwt: string;
  /** Public key of account SYS. */
  systemAccount: string;
  /** MESH, REG and SYS: loaded into the resolver at the start. Only REG's JWT allows JetStream. */
  accounts: readonly { publicKey: string; jwt: string }[];
};
