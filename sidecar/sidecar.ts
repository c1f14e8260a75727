import type { Bus } from "../src/bus/bus.ts";
import { tell } from "../src/control/explain/tell.ts";
import { LastKnown } from "../src/control/follow/last-known.ts";
import { PolicyTable } from "../src/control/follow/policy-table.ts";
import { LastShare } from "../src/control/rate/last-share.ts";
import { SignalReporter } from "../src/control/signals/reporter.ts";
import { TraceTeller } from "../src/control/traces/teller.ts";
import { isCode, meaningOf } from "../src/protocol/code.ts";
import { systemClock } from "../src/registry/clock.ts";
import { Heartbeater } from "../src/registry/heartbeater.ts";
import { InstanceTable } from "../src/registry/table.ts";
import type { CallStats } from "../src/registry/wire.ts";
import { Subjects } from "../src/subjects/subjects.ts";
import { isLoud, LOG_SETTINGS, type LogSettings } from "../src/telemetry/log-settings.ts";
import { createMetrics, type Metrics } from "../src/telemetry/metrics.ts";
import { type AdminProviders, startAdmin } from "./admin/admin.ts";
import type { Context } from "./context.ts";
import { Egress } from "./egress/egress.ts";
import { type Gateway, startGateway } from "./gateway/gateway.ts";
import { type Inbound, startInbound } from "./inbound/inbound.ts";
import type { AccessLog } from "./observe/access-log.ts";
import { accountOf } from "./observe/accounts.ts";
import { KeptTraces } from "./observe/kept-traces.ts";
import { RecentCalls } from "./observe/recent-calls.ts";
import { type Recorder, recordRefused } from "./observe/record.ts";
import { createTracer } from "./observe/tracer.ts";
import { accountsUnderWay } from "./observe/under-way.ts";
import { LIMITS, type Say, type SidecarOptions } from "./options.ts";
import { type Outbound, startOutbound } from "./outbound/outbound.ts";
import { Pause } from "./pause.ts";
import { Sweep } from "./stack/sweep.ts";
import { Taps } from "./tap/taps.ts";

/** A running sidecar. */
export interface Sidecar {
  /** Of the outbound listener, such as `127.0.0.1:4143`; empty when there is none. */
  readonly listen: string;
  /** Of the listeners for one service, in the order of the options. */
  readonly upstreams: readonly string[];
  readonly admin: string | undefined;
  readonly gateway: Pick<Gateway, "https" | "http"> | undefined;
  readiness(): Readiness;
  /** Takes no further calls from the mesh; resolves when those under way have ended or `capMs` is over. */
  leave(capMs: number): Promise<void>;
  /** Closes everything but the bus, which is the caller's own. Answers under way get `graceMs` to end. */
  close(graceMs: number): Promise<void>;
}

export interface Readiness {
  readonly ready: boolean;
  /** Why not. */
  readonly reasons: string[];
}

/**
 * Starts the data plane of one instance on a connected bus. It needs neither registry nor authority to move traffic.
 * @throws Error that names the address when a port is taken; nothing is left open then
 */
export async function startSidecar(options: SidecarOptions): Promise<Sidecar> {
  /** How to close what has been opened; the last first. */
  const closers: ((graceMs: number) => unknown)[] = [];
  const close = async (graceMs: number): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer(graceMs);
  };
  try {
    return { ...(await open(options, closers)), close };
  } catch (error) {
    await close(0);
    throw error;
  }
}

async function open(
  options: SidecarOptions,
  closers: ((graceMs: number) => unknown)[],
): Promise<Omit<Sidecar, "close">> {
  const { bus, service, instance, version } = options;
  const log = options.log ?? { ...LOG_SETTINGS };
  const say: Say = (...line) => isLoud(log, line[0]) && options.say?.(...line);
  const limits = { ...LIMITS, ...options.limits };
  const sweep = new Sweep();
  const subjects = new Subjects(options.mesh);
  const context: Context = { bus, sweep, subjects, service, instance, version, limits, say };
  const table = new InstanceTable({ bus, clock: systemClock, caller: service, instance });
  const { policyFolder } = options;
  const warn = (message: string) => say("warn", message, "policy-folder");
  const lastKnown = policyFolder === undefined ? undefined : new LastKnown(policyFolder, warn);
  const lastShare =
    policyFolder === undefined ? undefined : new LastShare(policyFolder, instance, systemClock, warn);
  const policies = new PolicyTable({
    ...{ bus, clock: systemClock, caller: service, instance, say },
    ...(lastKnown === undefined ? {} : { lastKnown }),
  });
  const expiry = () => ({ ...options.expiry?.(), gatewayExpiresAt: gateway?.certificateEndsAt });
  const metrics = createMetrics({
    ...{ service, instance, version },
    state: () => ({
      ...expiry(),
      registryLive: table.state.kind === "following",
      registryAgeMs: table.heardMsAgo,
      instancesKnown: Object.values(table.all()).flat().length,
    }),
    callees: () => outbound.callees(),
    concurrency: () => inbound?.concurrency(),
    keyAges: () => inbound?.keyAges() ?? [],
    flagOf: (code) => (isCode(code) ? meaningOf(code).flag : "-"),
  });
  const tracer = await createTracer({
    ...{ namespace: options.mesh, service, instance, version },
    ...options.tracing,
    onProblem: (message) => say("warn", message, "spans-lost"),
  });
  const accessLog = options.accessLog && (await accessLogTo(options.accessLog, log));
  const recent = { client: new RecentCalls("client"), server: new RecentCalls("server") };
  const taps = new Taps({ bus, clock: systemClock, service, instance, version });
  const kept = new KeptTraces({ service, instance, recent, note: (note) => traces.note(note) });
  const traces = new TraceTeller({
    ...{ bus, clock: systemClock, service, instance },
    keep: (traceIds) => kept.keep(traceIds),
  });
  const recorder = (side: "client" | "server"): Recorder => ({
    meter: metrics[side],
    mirrorMeter: side === "client" ? metrics.mirrorClient : metrics.mirrorServer,
    ...{ tracer, accessLog, now: sweep.now, recent: recent[side], taps, keep: kept.ended(side) },
  });
  closers.push(
    () => table.close(),
    () => policies.close(),
    () => lastKnown?.written(),
    () => lastShare?.written(),
    () => lastShare?.close(),
    tellChanges(bus, table, metrics, say),
    () => tracer.shutdown(),
    () => accessLog?.flush(),
    () => traces.close(),
    () => taps.close(),
  );

  let signals: SignalReporter | undefined;
  // After the ends of the last calls, which it counts.
  closers.push(() => signals?.close());

  const { listen, upstreams = [], app, healthPath, zone } = options;
  const { mirrorSkipped, limited, denied, token } = metrics;
  let inbound: Inbound | undefined;
  const dueAtOf = (traceparent: string): number => inbound?.dueAtOf(traceparent) ?? Number.POSITIVE_INFINITY;
  const serves = () => inbound?.busy === true;
  const pause: Pause = new Pause({ bus, sweep, say, serves, busy: () => serves() || outbound.busy });
  closers.push(() => pause.close());
  const egress = new Egress(context, { policies, recorder: recorder("client") });
  closers.push(() => egress.close());
  const outbound: Outbound = await startOutbound(context, {
    ...{ listen, upstreams, elsewhere: egress.onRequest, recorder: recorder("client") },
    ...{ table, policies, zone, mirrorSkipped, dueAtOf, pause },
    brokerTraces: options.tracing?.broker ?? false,
  });
  closers.push((graceMs) => outbound.close(graceMs));
  const gateway =
    options.gateway &&
    (await startGateway(context, options.gateway, {
      ...{ policies, handlerFor: outbound.handlerFor },
      refused: (request, code, message) => recordRefused(recorder("client"), request, code, message),
    }));
  closers.push((graceMs) => gateway?.close(graceMs));
  const beating = (stats?: () => CallStats): Heartbeater => {
    const beats = new Heartbeater({
      ...{ bus, clock: systemClock, service, instance, version, policy: () => policies.inStep },
      ejected: () => outbound.ejected(),
      ejectedServices: () => outbound.ejectedServices(),
      quiet: () => pause.quiet,
      ...(zone === undefined ? {} : { zone }),
      ...(stats === undefined ? {} : { stats }),
    });
    closers.push(
      policies.onStep(() => beats.again()),
      pause.onQuiet(() => beats.again()),
    );
    return beats;
  };
  inbound =
    app &&
    startInbound(context, {
      ...{ app, healthPath, beating, policies, table, lastShare, recorder: recorder("server") },
      ...{ guarded: options.guarded ?? false, limited, denied, token },
    });
  closers.push(() => inbound?.close());
  if (inbound === undefined) {
    const beats = beating();
    beats.set("caller");
    closers.push(() => beats.leave());
  }

  signals = new SignalReporter({
    ...{ bus, clock: systemClock, service, instance, version },
    ...{ client: metrics.client, server: metrics.server, limited: metrics.limitedOf },
    callees: () => outbound.callees(),
    concurrency: () => inbound?.concurrency(),
    expiry,
    onNew: (side, tallies) => kept.learn(side, tallies),
  });

  const underWay = {
    client: () => outbound.underWay(),
    server: () => inbound?.underWay() ?? [],
  };
  const telling = tell({
    ...{ bus, service, instance },
    accounts: (wanted) => {
      if ("traceId" in wanted) return kept.accounts(wanted.traceId);
      const { requestId } = wanted;
      return (["client", "server"] as const).flatMap((side) => [
        ...recent[side].find(requestId).map((call) => accountOf(call, { service, instance })),
        ...accountsUnderWay(underWay[side](), requestId, side, { service, instance }, sweep.now()),
      ]);
    },
  });
  closers.push(() => telling.unsubscribe());

  const readiness = (): Readiness => {
    const reasons = [
      bus.state.kind === "connected" ? undefined : `the broker is ${bus.state.kind}`,
      inbound?.notReady(),
      gateway?.leaving ? "the gateway leaves" : undefined,
    ].filter((reason) => reason !== undefined);
    return { ready: reasons.length === 0, reasons };
  };
  const pages: AdminProviders = {
    metrics: (view) => metrics.text(view),
    ready: readiness,
    config: () => ({
      policy: policies.inStep,
      ...{ mesh: options.mesh, service, instance, version, zone, app, limits, upstreams },
      listen: outbound.listen,
      ...(gateway === undefined ? {} : { gateway: { ...options.gateway, connections: gateway.connections } }),
      broker: bus.state,
      registry: table.state,
      expiry: expiry(),
    }),
    ...{ log, hasAccessLog: accessLog !== undefined },
    endpoints: () => ({ registry: table.state, services: table.all(), callees: outbound.callees() }),
  };
  const admin = options.admin && (await startAdmin(pages, options.admin.host, options.admin.port));
  closers.push(() => admin?.close());
  return {
    listen: outbound.listen,
    upstreams: outbound.upstreams,
    admin: admin?.address,
    readiness,
    gateway: gateway && { https: gateway.https, http: gateway.http },
    leave: async (capMs) => void (await Promise.all([inbound?.leave(capMs), gateway?.close(capMs)])),
  };
}

/** Tells the operator, and the metrics, when broker and registry come and go. Returns the way to stop. */
function tellChanges(bus: Bus, table: InstanceTable, metrics: Metrics, say: Say): () => void {
  metrics.brokerState(bus.state.kind);
  const stops = [
    bus.onState((state) => {
      metrics.brokerState(state.kind);
      if (state.kind === "away") say("warn", `the broker is away: ${state.cause}`, "broker-away");
      else say("info", `the broker is ${state.kind}`, `broker-${state.kind}`);
    }),
    table.onState(({ kind }) => {
      if (kind === "away")
        say("warn", "the registry is away: the instances last known are kept", "registry-away");
      else say("info", "the registry is heard", "registry-heard");
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

/** Loads the logger only for those who want one. */
async function accessLogTo(stream: "stdout" | "stderr", log: LogSettings): Promise<AccessLog> {
  const { createAccessLog } = await import("./observe/access-log.ts");
  return createAccessLog(stream, log);
}
