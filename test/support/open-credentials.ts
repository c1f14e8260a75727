import type { Credentials } from "../../src/bus/credentials.ts";

/** For a broker without operator mode and TLS, as the tests of one part alone use. */
export const openCredentials = (url: string): Credentials => ({
  servers: () => [url],
  jwt: () => undefined,
  sign: () => new Uint8Array(64),
  tls: () => undefined,
});
