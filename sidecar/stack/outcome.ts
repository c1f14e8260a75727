import { type Code, type Delivered, meaningOf } from "../../src/protocol/code.ts";
import type { Body } from "./body.ts";

/** How a call ended. These are values: nothing on the path of a call throws but for a bug. */
export type Outcome = Replied | Refused | Failed;

/** The app answered, with whatever status. */
export interface Replied {
  readonly kind: "replied";
  readonly status: number;
  readonly reason: string;
  /** Header lines as the app wrote them, each ended by CR LF, without hop-by-hop fields. */
  readonly headers: string;
  readonly body: Body;
  /** Who answered, when it is known. */
  readonly instance: string;
}

/** Ended on this side of the app, by decision: it never saw the call. */
export interface Refused {
  readonly kind: "refused";
  readonly code: Code;
  /** One sentence with what was tried and where the time went. */
  readonly message: string;
  readonly retryAfterMs?: number;
  /** Where policy gives another status than the code has. */
  readonly status?: number;
  /** Further lines for the answer, each ended by CR LF. */
  readonly headers?: string;
}

/** Ended by something that went wrong. */
export interface Failed {
  readonly kind: "failed";
  readonly code: Code;
  readonly delivered: Delivered;
  readonly message: string;
  /** The limit that it was above is of that one instance: another may take the call. */
  readonly isLocal?: true;
  /** What the callee's sidecar said when it refused the call. */
  readonly retryAfterMs?: number;
  readonly headers?: string;
}

/** The status that the caller gets. */
export function statusOf(outcome: Outcome): number {
  if (outcome.kind === "replied") return outcome.status;
  return (outcome.kind === "refused" ? outcome.status : undefined) ?? meaningOf(outcome.code).status;
}

export const refused = (code: Code, message: string): Refused => ({ kind: "refused", code, message });

export const failed = (code: Code, delivered: Delivered, message: string): Failed => ({
  kind: "failed",
  code,
  delivered,
  message,
});
