import type { Code } from "../../src/protocol/code.ts";
import { HEADER } from "../../src/protocol/header-names.ts";
import type { Destination } from "../../src/routing/rules.ts";
import type { Request, Responder } from "../http/exchange.ts";
import { fieldValue } from "../http/header-block.ts";
import type { meshAnswer } from "../http/mesh-answer.ts";
import type { OnRequest } from "../http/server-connection.ts";
import { Call } from "../stack/call.ts";
import { type Outcome, statusOf } from "../stack/outcome.ts";
import type { Sweep } from "../stack/sweep.ts";
import { forwarded } from "./forwarded.ts";
import type { Plan, Plans } from "./plans.ts";
import { type Router, targetOf } from "./route-host.ts";
import { limitOf, timeoutOf } from "./timeout.ts";

/** Where requests come in: from the app, or from outside by a gateway. */
export interface Door {
  readonly route: Router;
  /** Answers what `route` finds nothing for, and CONNECT. */
  readonly unrouted: OnRequest;
  /** Of whoever asks here. */
  readonly clientAddress: string;
  /** Renders what the mesh answers itself. */
  readonly answers: typeof meshAnswer;
}

export interface OutboundHandlerOptions extends Door {
  /** The service that this sidecar stands beside. */
  readonly caller: string;
  readonly plans: Pick<Plans, "get" | "ready">;
  readonly sweep: Sweep;
  /**
   * When the call that the app works on with this trace context is due, in ms of the sweep's clock; Infinity when there
   * is none. A call on its behalf gets no more time than is left, whether the app passes a limit on or not.
   */
  readonly dueAtOf: (traceparent: string) => number;
  /** Time for a call of which neither the app nor policy says anything. */
  readonly timeoutMs: number;
  readonly nextRequestId: () => string;
  /** Told of each request that is refused before it is a call. */
  readonly refused: (request: Request, code: Code, message: string) => void;
}

const NEVER = Number.POSITIVE_INFINITY;

/** Whose word the time for a call is, for whoever wonders why it was so short. */
function whoLimits(
  timeoutMs: number,
  ownMs: number,
  policyMs: number | undefined,
  askedMs: number | undefined,
): string {
  if (timeoutMs !== ownMs) return "the call that it is part of";
  if (timeoutMs === policyMs) return "timeouts.request of its policy";
  return timeoutMs === askedMs ? "its caller" : "--timeout";
}

/** Turns the app's requests into calls, and the outcomes of calls into its answers. */
export function outboundHandler(options: OutboundHandlerOptions): OnRequest {
  return (request, responder) => {
    const to = request.method === "CONNECT" ? undefined : options.route(request.host);
    if (to === undefined) {
      options.unrouted(request, responder);
      return;
    }
    const plan = options.plans.get(to);
    if (plan !== undefined) begin(options, request, responder, to, plan);
    else void beginLater(options, request, responder, to);
  };
}

/** The first calls to a service, until its policy is known. */
async function beginLater(
  options: OutboundHandlerOptions,
  request: Request,
  responder: Responder,
  to: Destination,
): Promise<void> {
  let gone = false;
  request.onGone = () => {
    gone = true;
  };
  const plan = await options.plans.ready(to);
  if (gone) request.body.abandon("cancelled");
  else begin(options, request, responder, to, plan);
}

function begin(
  options: OutboundHandlerOptions,
  request: Request,
  responder: Responder,
  to: Destination,
  plan: Plan,
): void {
  const askedMs = timeoutOf(request.headers);
  if (typeof askedMs === "object") {
    options.refused(request, "bad-request", askedMs.problem);
    refuse(options.answers, request, responder, "bad-request", askedMs.problem);
    return;
  }
  const rule = plan(request);
  const now = options.sweep.now();
  const traceparent = fieldValue(request.headers, HEADER.traceparent);
  const ownMs = limitOf(askedMs, rule.requestMs, options.timeoutMs);
  const leftMs = traceparent === undefined ? NEVER : options.dueAtOf(traceparent) - now;
  const timeoutMs = leftMs < ownMs ? Math.max(1, Math.ceil(leftMs)) : ownMs;
  const call = new Call(
    {
      caller: options.caller,
      callee: to.service,
      target: targetOf(to),
      method: request.method,
      path: request.path,
      headers: forwarded(request, options.clientAddress, options.nextRequestId),
      body: request.body,
      upgrade: request.upgrade,
      timeoutMs,
    },
    now,
  );
  call.limitedBy = whoLimits(timeoutMs, ownMs, rule.requestMs, askedMs);
  call.rule = rule.chosen;
  call.traceparent = traceparent;
  if (request.minorVersion === 1) call.onInterim = (interim) => responder.interim(interim);
  request.onGone = () => call.cancel("cancelled");
  void rule.service(call).then((outcome) => answer(options.answers, responder, call, outcome));
}

function answer(answers: typeof meshAnswer, responder: Responder, call: Call, outcome: Outcome): void {
  if (outcome.kind === "replied") {
    responder.reply(outcome.status, outcome.reason, outcome.headers, outcome.body);
    return;
  }
  const tried = call.attempt > 1 ? `, after ${call.attempt} attempts` : "";
  const { status, reason, headers, body } = answers(outcome.code, outcome.message + tried, {
    status: statusOf(outcome),
    retryAfterMs: outcome.retryAfterMs,
    headers: outcome.headers,
    requestId: fieldValue(call.head.headers, HEADER.requestId),
  });
  responder.reply(status, reason, headers, body);
}

/** Answers a request that is no call. */
export function refuse(
  answers: typeof meshAnswer,
  request: Request,
  responder: Responder,
  code: Code,
  message: string,
  retryAfterMs?: number,
): void {
  const requestId = fieldValue(request.headers, HEADER.requestId);
  const { status, reason, headers, body } = answers(code, message, { requestId, retryAfterMs });
  responder.reply(status, reason, headers, body);
  request.body.abandon(code);
}
