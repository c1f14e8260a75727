import type { Bus } from "../../bus/bus.ts";
import type { Clock } from "../../registry/clock.ts";
import { pack } from "../../registry/frame.ts";
import { registry as subjects } from "../../subjects/subjects.ts";
import type { CallMeter } from "../../telemetry/call-meter.ts";
import type { CalleeState } from "../../telemetry/callee-families.ts";
import type { EdgeTally } from "../../telemetry/edge-tally.ts";
import type { ConcurrencyState } from "../../telemetry/limit-families.ts";
import { Differences } from "./differences.ts";
import { edgeReports } from "./edge-reports.ts";
import { MAX_EDGES, MAX_REPORT_BYTES, QUIET_MS, REPORT_MS, type SignalReport } from "./wire.ts";

export interface ReporterOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  /** Nobody else may take what is new of them. */
  readonly client: CallMeter;
  readonly server: CallMeter;
  /** What policy has done, counted since the start; each is asked once for a report. */
  readonly callees: () => readonly CalleeState[];
  readonly concurrency: () => ConcurrencyState | undefined;
  readonly limited: () => ReadonlyMap<string, number>;
  /** Ends of the credentials, in Unix ms. */
  readonly expiry: () => {
    readonly jwtExpiresAt?: number | undefined;
    readonly leafExpiresAt?: number | undefined;
    readonly gatewayExpiresAt?: number | undefined;
  };
  /** When in each period it reports, 0 to 1, so that sidecars take turns. */
  readonly phase?: number;
  /** Told what is new of a side, besides. */
  readonly onNew?: (side: "client" | "server", tallies: readonly EdgeTally[]) => void;
}

/**
 * Reports what became of the calls of this sidecar: at its start, every 5 s when anything is new, and when it ends.
 * A period has one report, at a moment of the wall clock that is the sidecar's own: so charts of 5 s do not jump.
 */
export class SignalReporter {
  readonly #options: ReporterOptions;
  readonly #new = new Differences();
  #cancel: () => void;
  /** The gauges of the report before, as text, and when it was sent. */
  #gauges = "";
  #sentAt = Number.NEGATIVE_INFINITY;
  /** How many periods what is new is of. A period in which the sidecar was stopped, or had no time, had no calls. */
  #periods = 1;

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#report();
    this.#cancel = this.#again();
  }

  /** Says the last word. Resolves when the broker has it, or is away. */
  async close(): Promise<void> {
    this.#cancel();
    this.#report(true);
    await this.#options.bus.flush().catch(() => {});
  }

  #again(): () => void {
    const { clock, phase = Math.random() } = this.#options;
    // Away from the ends of a period: clocks differ a little, and messages take their time.
    const at = REPORT_MS * (0.1 + 0.8 * phase);
    const next = (): (() => void) => {
      const past = (((clock.unix() - at) % REPORT_MS) + REPORT_MS) % REPORT_MS;
      // A timer may come a little early: then the one after it is meant.
      const wait = REPORT_MS - past;
      return clock.after(wait < REPORT_MS / 10 ? wait + REPORT_MS : wait, () => {
        this.#report();
        this.#cancel = next();
      });
    };
    return next();
  }

  /** While the broker is away it keeps what is new for later. */
  #report(isLast = false): void {
    const { bus, clock, service, instance } = this.#options;
    if (bus.state.kind !== "connected") {
      this.#periods++;
      return;
    }
    const report = this.#make();
    const { inFlight, app, expiry, edges, callees, limited } = report;
    const gauges = JSON.stringify([inFlight, app?.running, app?.waiting, app?.limit, expiry]);
    const isQuiet =
      edges.length === 0 &&
      callees === undefined &&
      limited === undefined &&
      (app?.queued ?? 0) + (app?.shed ?? 0) + (app?.overloaded ?? 0) === 0 &&
      gauges === this.#gauges &&
      clock.now() - this.#sentAt < QUIET_MS - REPORT_MS / 2;
    if (isQuiet && !isLast) return;
    this.#gauges = gauges;
    this.#sentAt = clock.now();
    bus.send(subjects.signals(service, instance), this.#pack(isLast ? { ...report, last: true } : report));
  }

  #make(): SignalReport {
    const { client, server, clock, version, limited } = this.#options;
    const { jwtExpiresAt: jwt, leafExpiresAt: leaf, gatewayExpiresAt: gateway } = this.#options.expiry();
    const callees = this.#callees();
    const app = this.#app();
    const above = this.#new.of("limited", limited());
    const periods = this.#periods;
    this.#periods = 1;
    return {
      ...{ version, ownMs: Math.round(clock.now()) },
      ...(periods === 1 ? {} : { periods }),
      edges: [
        ...edgeReports("client", this.#takeNew("client"), MAX_EDGES),
        ...edgeReports("server", this.#takeNew("server"), MAX_EDGES),
      ],
      ...(callees.length === 0 ? {} : { callees }),
      ...(app === undefined ? {} : { app }),
      ...(above.size === 0 ? {} : { limited: Object.fromEntries(above) }),
      inFlight: { client: client.inFlight, server: server.inFlight },
      expiry: {
        ...(jwt === undefined ? {} : { jwt }),
        ...(leaf === undefined ? {} : { leaf }),
        ...(gateway === undefined ? {} : { gateway }),
      },
    };
  }

  #takeNew(side: "client" | "server"): EdgeTally[] {
    const tallies = this.#options[side].takeNew();
    this.#options.onNew?.(side, tallies);
    return tallies;
  }

  #callees(): NonNullable<SignalReport["callees"]> {
    return (
      this.#options
        .callees()
        .map(({ service, isKnown, retries, hedges, ejections, parked, budget }) => {
          const one = (what: string, now: number) => this.#new.one(`${what} ${service}`, now);
          return {
            ...{ service, isKnown },
            retries: one("retries", retries),
            hedges: one("hedges", hedges.begun),
            ejections: one(
              "ejections",
              Object.values(ejections).reduce((sum, count) => sum + count, 0),
            ),
            parked: one("parked", parked?.parked ?? 0),
            budgetLeft: Math.max(0, Math.floor(budget.left)),
          };
        })
        // Attempts for a name that nobody serves take no room; calls that wait for somebody to come do.
        .filter(({ isKnown, retries, hedges, ejections, parked }) =>
          isKnown ? retries + hedges + ejections + parked > 0 : parked > 0,
        )
        .map(({ isKnown: _, ...told }) => told)
        .slice(0, MAX_EDGES)
    );
  }

  #app(): SignalReport["app"] {
    const state = this.#options.concurrency();
    if (state === undefined) return undefined;
    const { running, waiting, limit, queued, shed, overloaded } = state;
    return {
      ...{ running, waiting },
      ...(Number.isFinite(limit) ? { limit: Math.floor(limit) } : {}),
      queued: this.#new.one("queued", queued),
      shed: this.#new.one("shed", shed),
      overloaded: this.#new.one("overloaded", overloaded),
    };
  }

  /** Where the broker takes only small messages, the edges with the fewest calls stay out. */
  #pack(report: SignalReport): Buffer {
    const most = Math.min(MAX_REPORT_BYTES, this.#options.bus.maxPayload);
    let packed = pack(report);
    for (let fit = report.edges.length; packed.length > most && fit > 0; ) {
      fit >>= 1;
      const busiest = [...report.edges].sort((a, b) => callsOf(b) - callsOf(a)).slice(0, fit);
      packed = pack({ ...report, edges: busiest });
    }
    return packed;
  }
}

const callsOf = ({ statuses }: { readonly statuses: readonly number[] }): number =>
  statuses.reduce((sum, count) => sum + count, 0);
