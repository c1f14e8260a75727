import { HEADER } from "../../src/protocol/header-names.ts";
import type { Egress as EgressSpec } from "../../src/resources/egress.ts";
import { type Context, reportBug } from "../context.ts";
import type { Request, Responder } from "../http/exchange.ts";
import { fieldValue, removeField } from "../http/header-block.ts";
import { meshAnswer } from "../http/mesh-answer.ts";
import { withoutMeshFields } from "../http/mesh-fields.ts";
import type { OnRequest } from "../http/server-connection.ts";
import { type Recorder, record } from "../observe/record.ts";
import { limitOf, timeoutOf } from "../outbound/timeout.ts";
import { deadline } from "../policy/deadline.ts";
import { Gcra } from "../policy/gcra.ts";
import { PendingLimit } from "../policy/limit-pending.ts";
import type { PolicySource } from "../policy-source.ts";
import { Call, type Layer } from "../stack/call.ts";
import { failed, type Outcome, refused, statusOf } from "../stack/outcome.ts";
import { rescue, stack } from "../stack/stack.ts";
import { isOfMesh, notMesh } from "./not-mesh.ts";
import { Pools } from "./pools.ts";
import { type Lookup, Resolver } from "./resolver.ts";
import { type EgressRule, EgressRules, type Outside, outsideOf, shown, shownHost } from "./rules.ts";
import { openTunnel } from "./tunnel.ts";

/** The first request waits so long for the service's own policy, while a registry is heard. */
const POLICY_WAIT_MS = 1000;
const HTTP_PORT = 80;
/** For a tunnel to open; what it carries is under the idle limit alone. */
const CONNECT_MS = 10_000;
const MOST_TUNNELS = 1024;
/** What calls that no rule lets out are counted under: never a host that somebody made up. */
const NO_RULE = "none";
/** An app that tries for ever must not fill the log; the access log has each of them. */
const SAID = { requests: 10, intervalMs: 10_000, burst: 10 };

export interface EgressOptions {
  readonly policies: PolicySource;
  readonly recorder: Recorder;
  readonly lookup?: Lookup;
}

/** The way out of the mesh for the app beside this sidecar: hosts that the policy of its service names. */
export class Egress {
  readonly #context: Context;
  readonly #options: EgressOptions;
  readonly #resolver: Resolver;
  readonly #pools: Pools;
  readonly #around: Layer;
  readonly #notMesh: OnRequest;
  #spec: EgressSpec | undefined;
  #rules: EgressRules | undefined;
  #tunnels = 0;
  readonly #saying = new Gcra(SAID);

  constructor(context: Context, options: EgressOptions) {
    const { sweep, limits, say } = context;
    const { recorder, lookup } = options;
    this.#context = context;
    this.#options = options;
    this.#resolver = new Resolver({ now: sweep.now, ...(lookup === undefined ? {} : { lookup }) });
    this.#pools = new Pools(sweep, limits.idleTimeoutMs);
    this.#notMesh = notMesh(recorder);
    this.#around = stack(
      rescue(reportBug(say)),
      record("client", recorder),
      new PendingLimit(limits.maxPending, "this sidecar to hosts outside").layer,
      deadline(sweep),
    );
  }

  /** Answers a request of the app that is for no name of the mesh. */
  readonly onRequest: OnRequest = (request, responder) => {
    const { policies } = this.#options;
    const { service } = this.#context;
    if (isOfMesh(request.host)) this.#notMesh(request, responder);
    else if (policies.get(service) !== undefined) this.#handle(request, responder);
    else void policies.whenKnown(service, POLICY_WAIT_MS).then(() => this.#handle(request, responder));
  };

  close(): void {
    this.#pools.close();
  }

  #handle(request: Request, responder: Responder): void {
    const { service, sweep, limits } = this.#context;
    const spec = this.#options.policies.get(service)?.policy?.spec.egress as EgressSpec | undefined;
    if (spec === undefined) {
      this.#notMesh(request, responder);
      return;
    }
    if (spec !== this.#spec) this.#rules = new EgressRules(spec);
    this.#spec = spec;
    const isTunnel = request.method === "CONNECT";
    const to = outsideOf(request.host, isTunnel ? 0 : HTTP_PORT);
    const rule = typeof to === "string" ? to : this.#rules!.find(to, request.method);
    const asked = timeoutOf(request.headers);
    const timeoutMs = limitOf(typeof asked === "number" ? asked : undefined, undefined, limits.timeoutMs);
    const via = `via: 1.${request.minorVersion} weft\r\n`;
    const call = new Call(
      {
        caller: service,
        callee: `egress:${typeof rule === "string" ? NO_RULE : rule.name}`,
        target: { kind: "any" },
        method: request.method,
        path: request.path,
        headers: `${withoutMeshFields(request.headers)}${via}`,
        body: request.body,
        // Of a tunnel, too, the body is what comes after the answer.
        upgrade: isTunnel ? "CONNECT" : request.upgrade,
        timeoutMs: isTunnel ? Math.min(timeoutMs, CONNECT_MS) : timeoutMs,
      },
      sweep.now(),
    );
    // For the log, which may tell what metrics may not.
    call.instance = request.host;
    call.traceparent = fieldValue(request.headers, HEADER.traceparent);
    const isOwnTrace = call.traceparent !== undefined;
    if (request.minorVersion === 1) call.onInterim = (interim) => responder.interim(interim);
    request.onGone = () => call.cancel("cancelled");
    const send = (): Promise<Outcome> => {
      // The trace of the mesh ends here, unless the app wants it to go on.
      if (!isOwnTrace) call.head.headers = removeField(call.head.headers, HEADER.traceparent);
      return typeof to === "string" || typeof rule === "string"
        ? Promise.resolve(this.#denied(request.host, String(rule)))
        : this.#send(call, to, rule);
    };
    void this.#around(send)(call).then((outcome) => answer(call, outcome, responder));
  }

  async #send(call: Call, to: Outside, rule: EgressRule): Promise<Outcome> {
    const { host } = to;
    const addresses = await this.#resolver.addresses(host, rule.ranges);
    if (call.cancelled !== undefined)
      return failed(call.cancelled, "no", "the call ended before it was sent");
    if (addresses === "unknown")
      return failed("egress-unreachable", "no", `${shownHost(host)} has no address`);
    if (addresses === "denied") {
      const which = rule.ranges === undefined ? "is public" : "is in addresses of its rule";
      return this.#denied(shown(to), `no address of ${shownHost(host)} ${which}`);
    }
    if (call.head.method === "CONNECT") return this.#tunnel(call, to, addresses);
    const { address } = addresses.find(({ family }) => family === 4) ?? addresses[0]!;
    const outcome = await this.#pools.of(to, address).service(call);
    if (outcome.kind !== "failed" || outcome.code !== "app-unreachable") return outcome;
    return failed("egress-unreachable", "no", `${shown(to)} cannot be reached at ${shownHost(address)}`);
  }

  #tunnel(call: Call, to: Outside, addresses: Parameters<typeof openTunnel>[2]): Promise<Outcome> {
    if (this.#tunnels >= MOST_TUNNELS)
      return Promise.resolve(refused("overflow", `this sidecar has ${MOST_TUNNELS} tunnels already`));
    this.#tunnels++;
    return openTunnel(call, to, addresses, {
      misnamed: (name) =>
        this.#say(
          `a tunnel to ${shownHost(to.host)} was cut: TLS was begun for ${JSON.stringify(name)}`,
          "tunnel-cut",
        ),
      closed: () => void this.#tunnels--,
    });
  }

  #denied(where: string, why: string): Outcome {
    const { service } = this.#context;
    this.#say(`egress denied: ${service} may not call ${JSON.stringify(where)}: ${why}`, "egress-denied");
    return refused("egress-denied", `${service} may not call ${JSON.stringify(where)}: ${why}`);
  }

  #say(message: string, event: string): void {
    const { say, sweep } = this.#context;
    if (this.#saying.take(sweep.now()) === 0) say("warn", message, event);
  }
}

function answer(call: Call, outcome: Outcome, responder: Responder): void {
  if (outcome.kind === "replied") {
    responder.reply(outcome.status, outcome.reason, outcome.headers, outcome.body);
    return;
  }
  call.head.body.abandon(outcome.code);
  const requestId = fieldValue(call.head.headers, HEADER.requestId);
  const details = { status: statusOf(outcome), retryAfterMs: outcome.retryAfterMs, requestId };
  const { status, reason, headers, body } = meshAnswer(outcome.code, outcome.message, details);
  responder.reply(status, reason, headers, body);
}
