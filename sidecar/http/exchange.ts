import type { Code } from "../../src/protocol/code.ts";
import type { Body } from "../stack/body.ts";
import type { Interim } from "../stack/call.ts";

/** One request as the listener read it, and the way to answer it. */
export interface Request {
  readonly method: string;
  /** As it stood in the request line: origin-form, absolute-form or `*`. */
  readonly target: string;
  /** The authority that the request is for: of the absolute-form target, else of `Host` (RFC 9112 §3.3); lower case. */
  readonly host: string;
  /** Origin-form of the target. */
  readonly path: string;
  /** 0 or 1: the client speaks HTTP/1.0 or 1.1. */
  readonly minorVersion: 0 | 1;
  /** Header lines without hop-by-hop fields (RFC 9110 §7.6.1); `Host` stays. */
  readonly headers: string;
  readonly body: Body;
  /**
   * The value of `Upgrade`, when `Connection` names it and the request is HTTP/1.1 without a body. Then `body` is not
   * complete: after a 101 it is what the client sends, after any other answer it ends.
   */
  readonly upgrade: string | undefined;
  /** The client left before the answer was complete. Set by whoever handles the request; called at most once. */
  onGone: (() => void) | undefined;
}

export interface Responder {
  /** Sends an interim answer (1xx but 101) at once; does nothing towards HTTP/1.0. */
  interim(interim: Interim): void;
  /**
   * Sends the answer, body and all. `reason` and `headers` have been checked (`check-headers.ts`). The framing of the body is enforced: when it yields more or fewer bytes than its
   * `content-length` says, the connection is closed, so that no peer can smuggle a second answer.
   * A status of 101 turns the connection into a tunnel: the request's body is what the client sends from then on.
   * @param sent called once with how the body ended: undefined when it was written in full, else why not
   */
  reply(
    status: number,
    reason: string,
    headers: string,
    body: Body,
    sent?: (problem: Code | undefined) => void,
  ): void;
}
