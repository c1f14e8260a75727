/** Names under which a secret could be shown by mistake: in a log line, in the configuration on the admin listener. */
export const SECRET_NAMES: readonly string[] = [
  "authorization",
  "cookie",
  "cred",
  "creds",
  "jwt",
  "key",
  "nkey",
  "password",
  "privateKey",
  "secret",
  "seed",
  "token",
];

export const REDACTED = "[redacted]";
