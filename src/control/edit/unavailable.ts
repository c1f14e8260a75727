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

/** @param after what is known of the change that was under way */
export const storeAway = (
  cause: unknown,
  after: "nothing was changed" | "the change may have been kept",
): UnavailableError =>
  new UnavailableError(
    "store-away",
    `the registry's store does not answer (${cause instanceof Error ? cause.message : String(cause)}); ${after}, and sidecars keep the policy they have: is the broker up, with JetStream and a leader? Then try again; "weft history" tells what was done`,
    { cause },
  );
