/** Why the policy cannot be read or changed now; the codes of the HTTP API. */
export type UnavailableCode = "policy-loading" | "store-away" | "store-broken" | "busy";

export class UnavailableError extends Error {
  override readonly name = "UnavailableError";
  readonly code: UnavailableCode;

  constructor(code: UnavailableCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export const storeAway = (cause: unknown): UnavailableError =>
  new UnavailableError(
    "store-away",
    `the registry's store does not answer (${cause instanceof Error ? cause.message : String(cause)}): sidecars keep the policy they have; is the broker up, with JetStream and a leader? Then look with "weft history" whether the change was kept, and try again`,
    { cause },
  );
