import { REDACTED } from "../../telemetry/secret-names.ts";

/** What a secret looks like, wherever it stands. */
const SECRETS: readonly RegExp[] = [
  // Seeds of NKeys: operator, account, user, server, cluster, curve.
  /\bS[OAUNCX][A-Z2-7]{56}\b/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  // JWTs, and join tokens: JSON objects in base64url.
  /\beyJ[\w-]{16,}(?:\.[\w-]+)*/g,
  /\b(?:bearer|basic)\s+[\w+/=.~-]{6,}/gi,
  // User and password in a URL (RFC 3986 §3.2.1).
  /(?<=\/\/)[^\s/@"']+@/g,
];

/** A name of a secret, and its value, in JSON, in a log line or in a configuration file. */
const NAMED =
  /((?:authorization|cookie|passw(?:or)?d|secret|token|seed|api[_-]?key|private[_-]?key)s?["']?\s*[:=]\s*)("[^"\n]+"|'[^'\n]+'|[^\s,;}"'[\]{]{6,})/gi;

/**
 * A text for other people to read.
 * @param known secrets that look like nothing in particular
 */
export function withoutSecrets(text: string, known: readonly string[]): string {
  let shown = text;
  for (const secret of known) shown = shown.replaceAll(secret, REDACTED);
  for (const pattern of SECRETS) shown = shown.replace(pattern, REDACTED);
  return shown.replace(NAMED, (_, name: string, value: string) =>
    /^["']/.test(value) ? `${name}${value[0]}${REDACTED}${value[0]}` : `${name}${REDACTED}`,
  );
}
