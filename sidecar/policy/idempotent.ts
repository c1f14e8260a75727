import type { Call } from "../stack/call.ts";

/** Reads the first field of a name, in lower case, from header lines; undefined when there is none. */
export type ReadField = (headers: string, name: string) => string | undefined;

/** RFC 9110 §9.2.2: doing it twice means the same as doing it once. */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** Bodies up to this length are sent again; the value is Linkerd's. */
export const REPLAY_BYTES = 64 * 1024;

/**
 * Whether the same request may and can be sent again although an app may have seen it: by its method, or because its
 * caller says so (draft-ietf-httpapi-idempotency-key-header), and with all of its body here.
 */
export const isRepeatable = (call: Call, field: ReadField): boolean =>
  hasWholeBody(call) && isIdempotent(call, field);

export const isIdempotent = ({ head }: Call, field: ReadField): boolean =>
  IDEMPOTENT.has(head.method) || (field(head.headers, "idempotency-key") ?? "") !== "";

/** What follows a wish to change protocols is no body. */
const hasWholeBody = ({ head, spent }: Call): boolean =>
  head.body.complete && head.body.first.length <= REPLAY_BYTES && !spent && head.upgrade === undefined;
