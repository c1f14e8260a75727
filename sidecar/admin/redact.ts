import { REDACTED, SECRET_NAMES } from "../../src/telemetry/secret-names.ts";

const secret = new Set(SECRET_NAMES.map((name) => name.toLowerCase()));

/**
 * A copy of `value` for people to read: what bears the name of a secret is replaced, at any depth. Whoever provides the
 * value leaves secrets out already; this is the second lock.
 */
export function redact(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (name, inner: unknown) =>
      secret.has(name.toLowerCase()) && inner !== undefined ? REDACTED : inner,
    ) ?? "null",
  );
}
