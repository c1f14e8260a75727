import { randomBytes } from "node:crypto";
import type { InstanceTable } from "../../src/registry/table.ts";
import { type Context, reportBug } from "../context.ts";
import { fieldValue } from "../http/header-block.ts";
import { meshAnswer } from "../http/mesh-answer.ts";
import { type HttpServer, serveHttp } from "../http/server.ts";
import type { OnRequest } from "../http/server-connection.ts";
import { type Recorder, recordRefused } from "../observe/record.ts";
import type { UnderWay } from "../observe/under-way.ts";
import type { Address, Upstream } from "../options.ts";
import { hashText } from "../policy/hash.ts";
import { holdInPause, type PauseWatch } from "../policy/hold-in-pause.ts";
import { limitPending, PendingLimit } from "../policy/limit-pending.ts";
import { RETRY } from "../policy/retry.ts";
import { readRetryAfter } from "../policy/retry-after.ts";
import { POLICY_WAIT_MS, type PolicySource } from "../policy-source.ts";
import type { CalleeView } from "./callee-view.ts";
import { Callees } from "./callees.ts";
import { compileRule, type OutboundParts } from "./compile.ts";
import { Exchanges } from "./exchanges.ts";
import { requestIds } from "./forwarded.ts";
import { type Door, outboundHandler } from "./listener.ts";
import { Plans } from "./plans.ts";
import { meshRouter, oneServiceRouter, type Router } from "./route-host.ts";
import { SharedEjections } from "./shared-ejections.ts";

export interface OutboundOptions {
  /** Where the app calls; nowhere when absent. */
  readonly listen: Address | undefined;
  readonly upstreams: readonly Upstream[];
  /** Answers the app's requests that are for no name of the mesh. */
  readonly elsewhere: OnRequest;
  readonly recorder: Recorder;
  readonly table: InstanceTable;
  readonly policies: PolicySource;
  /** Of this sidecar, for the instances near it. */
  readonly zone: string | undefined;
  readonly mirrorSkipped: () => void;
  readonly pause: PauseWatch;
  readonly brokerTraces: boolean;
  /** When the call that the app works on with a trace context is due; Infinity when there is none. */
  readonly dueAtOf: (traceparent: string) => number;
}

/** The way from the app into the mesh. */
export interface Outbound {
  /** Empty when nothing listens. */
  readonly listen: string;
  readonly upstreams: readonly string[];
  /** The services that were called, as this sidecar sees them. */
  callees(): CalleeView[];
  /** `<service>.<instance>` of those that it has ejected for now. */
  ejected(): string[];
  /** Services that it has given up for now. */
  ejectedServices(): string[];
  /** Whether a call is under way that a restart of the broker would cut off. */
  readonly busy: boolean;
  /** The attempts that have no outcome yet. */
  underWay(): UnderWay[];
  /** Handles requests that come in by another door than its own listeners. */
  handlerFor(door: Door): OnRequest;
  close(graceMs: number): Promise<void>;
}

/** Opens the listeners. Throws an Error that names the address when a port is taken. */
export async function startOutbound(context: Context, options: OutboundOptions): Promise<Outbound> {
  const { bus, sweep, subjects, service, instance, limits, say } = context;
  const { table, recorder, policies, zone, mirrorSkipped, pause, brokerTraces } = options;
  const exchanges = new Exchanges({
    bus,
    sweep,
    subjects,
    service,
    instance,
    idleTimeoutMs: limits.idleTimeoutMs,
    ...{ pause, brokerTraces },
  });
  table.onGone((callee, gone, reason) => {
    // One that left, or whose app is down for now, still ends what it has.
    if (reason === "silent" || reason === "restarted") exchanges.instanceGone(callee, gone);
  });
  const shared = new SharedEjections({
    ...{ bus, caller: service },
    heard: (callee, ejected, caller) => callees.hinted(callee, ejected, caller),
  });
  const callees: Callees = new Callees({
    caller: service,
    policies,
    instances: (callee) => table.instances(callee),
    allInstances: () => table.all(),
    balancerParts: {
      zone,
      random: Math.random,
      hash: hashText,
      retryAfterMs: ({ headers }) => readRetryAfter(fieldValue(headers, "retry-after"), Date.now()),
    },
    ejected: (callee, instance) => instance !== "" && shared.tell(callee, instance),
    followHints: (callee) => shared.follow(callee),
    sweep,
  });
  const stopHearing = table.onUp((row) => callees.up(row));
  const pending = new PendingLimit(limits.maxPending, "this sidecar");
  const parts: OutboundParts = {
    recorder,
    sweep,
    holdInPause: holdInPause(pause, sweep),
    limitPending: pending.layer,
    limitMirrors: limitPending(Math.ceil(limits.maxPending / 4)),
    mirrorSkipped,
    retry: { ...RETRY, attempts: limits.retries },
    callees,
    broker: bus,
    brokerWaitMs: limits.brokerWaitMs,
    random: Math.random,
    reportBug: reportBug(say),
    isUnknown: ({ callee, target }) =>
      table.isUnknown(callee, target.kind === "version" ? target.version : undefined),
    send: exchanges.send,
  };
  const plans = new Plans({
    caller: service,
    policies,
    compile: (rule, to) => compileRule(rule, to, parts),
    policyWaitMs: POLICY_WAIT_MS,
  });

  const nextRequestId = requestIds(randomBytes(8).toString("hex"));
  const servers: HttpServer[] = [];
  const handlerFor = (door: Door): OnRequest =>
    outboundHandler({
      ...door,
      caller: service,
      plans,
      sweep,
      timeoutMs: limits.timeoutMs,
      dueAtOf: options.dueAtOf,
      nextRequestId,
      refused: (request, code, message) => recordRefused(recorder, request, code, message),
    });
  const open = async ({ host, port }: Address, route: Router): Promise<string> => {
    const onRequest = handlerFor({
      ...{ route, clientAddress: host, answers: meshAnswer, unrouted: options.elsewhere },
    });
    const server = serveHttp({
      ...{ sweep, idleTimeoutMs: limits.idleTimeoutMs, onRequest, limits: { connect: true } },
    });
    const bound = await server.listen(host, port);
    servers.push(server);
    return `${bound.family === "IPv6" ? `[${bound.address}]` : bound.address}:${bound.port}`;
  };
  const close = async (graceMs: number): Promise<void> => {
    plans.close();
    callees.close();
    stopHearing();
    await Promise.all(servers.map((server) => server.close(graceMs)));
  };
  const upstreams: string[] = [];
  let listen = "";
  try {
    if (options.listen !== undefined) listen = await open(options.listen, meshRouter());
    for (const upstream of options.upstreams)
      upstreams.push(await open(upstream, oneServiceRouter(upstream.service, upstream.version)));
  } catch (error) {
    await close(0);
    throw error;
  }

  return {
    listen,
    upstreams,
    callees: () => callees.views(),
    ejected: () => callees.ejected(),
    ejectedServices: () => callees.ejectedServices(),
    get busy() {
      return pending.count > 0 || exchanges.busy;
    },
    underWay: () => exchanges.underWay(),
    handlerFor,
    close,
  };
}
