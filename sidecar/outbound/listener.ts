import type { Code } from "../../src/protocol/code.ts";
import { HEADER } from "../../src/protocol/header-names.ts";
import type { Request, Responder } from "../http/exchange.ts";
import { fieldValue } from "../http/header-block.ts";
import { meshAnswer } from "../http/mesh-answer.ts";
import { Call, type Service } from "../stack/call.ts";
import type { Outcome } from "../stack/outcome.ts";
import type { Sweep } from "../stack/sweep.ts";
import { forwarded } from "./forwarded.ts";
import type { Router } from "./route-host.ts";
import { timeoutOf } from "./timeout.ts";

export interface OutboundHandlerOptions {
  /** The service that this sidecar stands beside. */
  readonly caller: string;
  readonly route: Router;
  /** The outbound stack. */
  readonly service: Service;
  readonly sweep: Sweep;
  /** Time for a call of which the app says nothing. */
  readonly timeoutMs: number;
  readonly clientAddress: string;
  readonly nextRequestId: () => string;
  /** Told of each request that is refused before it is a call. */
  readonly refused: (method: string, code: Code) => void;
}

/** Turns the app's requests into calls, and the outcomes of calls into its answers. */
export function outboundHandler(
  options: OutboundHandlerOptions,
): (request: Request, responder: Responder) => void {
  return (request, responder) => {
    const route = options.route(request.host);
    if (route === undefined) {
      options.refused(request.method, "not-mesh");
      refuse(request, responder, "not-mesh", `${JSON.stringify(request.host)} is not a name of the mesh`);
      return;
    }
    const timeoutMs = timeoutOf(request.headers, options.timeoutMs);
    if (typeof timeoutMs !== "number") {
      options.refused(request.method, "bad-request");
      refuse(request, responder, "bad-request", timeoutMs.problem);
      return;
    }
    const call = new Call(
      {
        caller: options.caller,
        callee: route.callee,
        target: route.target,
        method: request.method,
        path: request.path,
        headers: forwarded(request, options.clientAddress, options.nextRequestId),
        body: request.body,
        upgrade: request.upgrade,
        timeoutMs,
      },
      options.sweep.now(),
    );
    call.traceparent = fieldValue(request.headers, HEADER.traceparent);
    if (request.minorVersion === 1) call.onInterim = (interim) => responder.interim(interim);
    request.onGone = () => call.cancel("cancelled");
    void options.service(call).then((outcome) => answer(responder, call, outcome));
  };
}

function answer(responder: Responder, call: Call, outcome: Outcome): void {
  if (outcome.kind === "replied") {
    responder.reply(outcome.status, outcome.reason, outcome.headers, outcome.body);
    return;
  }
  const retryAfterMs = outcome.kind === "refused" ? outcome.retryAfterMs : undefined;
  const tried = call.attempt > 1 ? `, after ${call.attempt} attempts` : "";
  const { status, reason, headers, body } = meshAnswer(outcome.code, outcome.message + tried, retryAfterMs);
  responder.reply(status, reason, headers, body);
}

function refuse(request: Request, responder: Responder, code: Code, message: string): void {
  const { status, reason, headers, body } = meshAnswer(code, message);
  responder.reply(status, reason, headers, body);
  request.body.abandon(code);
}
