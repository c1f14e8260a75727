/** The field names that are the mesh's own; this is the only place where they are spelled. */
export const HEADER = {
  /** On each answer that the mesh makes itself: its code. */
  error: "weft-error",
  /** Who called, as the broker enforced it; always overwritten on the way to the app. */
  caller: "weft-caller",
  /** Which attempt the app sees, 1 for the first. */
  attempt: "weft-attempt",
  /** To the app: it may have had this attempt before, on a kept connection that closed without an answer. */
  askedAgain: "weft-asked-again",
  /** From the app: time for the whole call, a GEP-2257 duration such as `2s`. To the app: what is left, in ms. */
  timeout: "weft-timeout",
  /** To the app: this is a copy of a call, and nobody reads the answer. */
  mirrored: "weft-mirrored",
  requestId: "x-request-id",
  traceparent: "traceparent",
} as const;
