/** Why the authority says no. Clients get the code, so the list is part of the interface. */
export type RefusalCode =
  | "bad-request"
  | "token-unknown"
  | "token-expired"
  | "token-used"
  | "token-other"
  | "token-elsewhere"
  | "platform-off"
  | "platform-refused"
  | "platform-unmapped"
  | "platform-used"
  | "platform-away"
  | "proof-bad"
  | "certificate-missing"
  | "certificate-expired"
  | "certificate-refused"
  | "key-differs"
  | "revoked"
  | "not-admin"
  | "not-registry"
  | "not-found"
  | "too-large"
  | "internal";

const STATUS: Readonly<Record<RefusalCode, number>> = {
  "bad-request": 400,
  "token-unknown": 403,
  "token-expired": 403,
  "token-used": 403,
  "token-other": 403,
  "token-elsewhere": 403,
  "platform-off": 403,
  "platform-refused": 403,
  "platform-unmapped": 403,
  "platform-used": 403,
  "platform-away": 503,
  "proof-bad": 403,
  "certificate-missing": 401,
  "certificate-expired": 401,
  "certificate-refused": 401,
  "key-differs": 403,
  revoked: 403,
  "not-admin": 403,
  "not-registry": 403,
  "not-found": 404,
  "too-large": 413,
  internal: 500,
};

/** Thrown by the authority's handlers; the answer is its code, message and cure as JSON. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: RefusalCode;
  readonly cure: string;

  constructor(code: RefusalCode, message: string, cure: string) {
    super(message);
    this.code = code;
    this.cure = cure;
  }

  get status(): number {
    return STATUS[this.code];
  }
}
