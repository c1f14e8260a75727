import { systemClock } from "../src/registry/clock.ts";
import { InstanceTable } from "../src/registry/table.ts";
import { Subjects } from "../src/subjects/subjects.ts";
import type { AccessLog } from "../src/telemetry/access-log.ts";
import { createMetrics } from "../src/telemetry/metrics.ts";
import { createTracer } from "../src/telemetry/trace.ts";
import { startAdmin } from "./admin/admin.ts";
import type { Context } from "./context.ts";
import { startInbound } from "./inbound/inbound.ts";
import type { Recorder } from "./observe/record.ts";
import { LIMITS, type SidecarOptions } from "./options.ts";
import { startOutbound } from "./outbound/outbound.ts";
import { Sweep } from "./stack/sweep.ts";

/** A running sidecar. */
export interface Sidecar {
  /** Of the outbound listener, such as `127.0.0.1:4143`. */
  readonly listen: string;
  /** Of the listeners for one service, in the order of the options. */
  readonly upstreams: readonly string[];
  readonly admin: string | undefined;
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
 * @throws Error that names the address when a port is taken
 */
export async function startSidecar(options: SidecarOptions): Promise<Sidecar> {
  const { bus, service, instance, version, say = () => {} } = options;
  const limits = { ...LIMITS, ...options.limits };
  const sweep = new Sweep();
  const context: Context = {
    ...{ bus, sweep, service, instance, version, limits, say },
    subjects: new Subjects(options.mesh),
  };
  const table = new InstanceTable({ bus, clock: systemClock, caller: service, instance });
  const metrics = createMetrics({
    ...{ service, instance, version },
    state: () => ({
      ...options.expiry?.(),
      registryLive: table.state.kind === "following",
      instancesKnown: Object.values(table.all()).flat().length,
    }),
  });
  metrics.brokerState(bus.state.kind);
  const stops = [
    bus.onState((state) => {
      metrics.brokerState(state.kind);
      say(
        "warn",
        state.kind === "away" ? `the broker is away: ${state.cause}` : `the broker is ${state.kind}`,
      );
    }),
    table.onState(({ kind }) =>
      say(
        kind === "away" ? "warn" : "info",
        kind === "away" ? "the registry is away: the instances last known are kept" : "the registry is heard",
      ),
    ),
  ];
  const tracer = await createTracer({ service, instance, version, ...options.tracing });
  const accessLog = options.accessLog && (await accessLogTo(options.accessLog));
  const recorder = (side: "client" | "server"): Recorder => ({
    ...{ meter: metrics[side], tracer, accessLog, now: sweep.now },
  });

  const outbound = await startOutbound(context, {
    listen: options.listen,
    upstreams: options.upstreams ?? [],
    recorder: recorder("client"),
    table,
  });
  const inbound =
    options.app &&
    startInbound(context, {
      app: options.app,
      healthPath: options.healthPath,
      zone: options.zone,
      recorder: recorder("server"),
    });

  const readiness = (): Readiness => {
    const reasons = [
      bus.state.kind === "connected" ? undefined : `the broker is ${bus.state.kind}`,
      inbound?.notReady(),
    ].filter((reason) => reason !== undefined);
    return { ready: reasons.length === 0, reasons };
  };
  const admin =
    options.admin &&
    (await startAdmin(
      {
        metrics: () => metrics.text(),
        ready: readiness,
        config: () => ({
          mesh: options.mesh,
          ...{ service, instance, version, limits },
          zone: options.zone,
          app: options.app,
          listen: outbound.listen,
          upstreams: options.upstreams ?? [],
          broker: bus.state,
          registry: table.state,
          expiry: options.expiry?.(),
        }),
        endpoints: () => ({ registry: table.state, services: table.all() }),
      },
      options.admin.host,
      options.admin.port,
    ));

  return {
    listen: outbound.listen,
    upstreams: outbound.upstreams,
    admin: admin?.address,
    readiness,
    leave: async (capMs) => inbound?.leave(capMs),
    async close(graceMs) {
      await outbound.close(graceMs);
      await inbound?.close();
      await admin?.close();
      for (const stop of stops) stop();
      table.close();
      accessLog?.flush();
      await tracer.shutdown();
    },
  };
}

/** Loads the logger only for those who want one. */
async function accessLogTo(stream: "stdout" | "stderr"): Promise<AccessLog> {
  const { createAccessLog } = await import("../src/telemetry/access-log.ts");
  return createAccessLog(stream);
}
