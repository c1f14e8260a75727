import type { CallSeries } from "./call-series.ts";
import { EdgeTally } from "./edge-tally.ts";
import type { Labels } from "./family.ts";
import { OTHER, SeriesTable } from "./series-table.ts";
import { UnservedNames } from "./unserved-names.ts";

/** A call that ended, as one side saw it. */
export interface FinishedCall {
  readonly method: string;
  /** Status that was answered; undefined when there was no answer (the caller had left). */
  readonly status: number | undefined;
  /** The other service: the callee on the client's side, the caller on the server's. */
  readonly peer: string;
  /** Version of the callee; empty when it was not chosen. */
  readonly version: string;
  /** The rule of a route that took it; empty when none did. */
  readonly route: string;
  /** The mesh's own code (a closed list), when the mesh ended the call. */
  readonly errorCode: string | undefined;
  /** Faults that policy put in: `delay`, `abort`, `delay,abort`; empty for none. */
  readonly injected: string;
  readonly durationMs: number;
  /** How many attempts it took; 1 by default. */
  readonly attempts?: number;
}

export interface CallMeterOptions {
  readonly side: "client" | "server";
  /** Copies of calls (RequestMirror) are counted in families of their own: `weft_mirror_…`. */
  readonly mirrored?: boolean;
  /** The service that this sidecar stands beside. */
  readonly service: string;
  /** Most series to keep; what is beyond goes into series of the peer `_OTHER`. 500 by default. */
  readonly maxSeries?: number;
  /** A series that saw no call for so long is dropped (istio#19090). 10 min by default. */
  readonly idleMs?: number;
  /** Milliseconds of any monotonic clock. */
  readonly now?: () => number;
}

/** What OpenTelemetry's HTTP conventions count as known; everything else is `_OTHER`, so that nobody can make series. */
const METHODS = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];
const METHOD_NUMBER = new Map(METHODS.map((method, i) => [method, i + 1]));
/** How many codes, methods and statuses there may be together. */
const KINDS = 64 * 16 * 1024;
/** Names of rules that are told apart; what comes later is `_OTHER`: policy that changes for ever must not fill the memory. */
const MOST_ROUTES = 4096;

/** Counts and times the calls of one side of a sidecar. A call costs about 30 ns and makes no string. */
export class CallMeter {
  readonly side: "client" | "server";
  readonly mirrored: boolean;
  readonly service: string;
  readonly #series: SeriesTable;
  /** The mesh's codes, numbered from 1 as they come. */
  readonly #codes = new Map<string, number>();
  readonly #errors: number[] = [0];
  /** Rules, numbered from 1 as they come; 0 for none. */
  readonly #routes = new Map<string, number>();
  readonly #injected = new Map<string, number>();
  readonly #names = new UnservedNames();
  readonly #now: () => number;
  #inFlight = 0;
  #attempts = 0;

  constructor(options: CallMeterOptions) {
    const { side, mirrored = false, service, maxSeries = 500, idleMs = 600_000 } = options;
    const { now = () => performance.now() } = options;
    this.side = side;
    this.mirrored = mirrored;
    this.service = service;
    this.#now = now;
    this.#series = new SeriesTable({ maxSeries, idleMs, now });
  }

  /** A call began. Each must be followed by one `ended`. */
  started(): void {
    this.#inFlight++;
  }

  ended(call: FinishedCall): void {
    this.#inFlight--;
    this.#attempts += call.attempts ?? 1;
    const method = METHOD_NUMBER.get(call.method) ?? 0;
    const code = call.errorCode === undefined ? 0 : this.#codeNumber(call.errorCode);
    this.#errors[code]!++;
    const route = call.route === "" ? 0 : this.#routeNumber(call.route);
    if (call.injected !== "") this.#injected.set(call.injected, (this.#injected.get(call.injected) ?? 0) + 1);
    const kind = (code * 16 + method) * 1024 + (call.status ?? 0);
    const key = route * KINDS + kind;
    // Names of callers are proven: of them nobody makes any up.
    const peer =
      code === 0 || this.side === "server"
        ? call.peer
        : this.#names.countedAs(call.peer, call.errorCode, this.#now());
    const series = this.#series.get(peer, call.version, key) ?? this.#add(call, peer, route, kind);
    series.observe(call.durationMs);
  }

  #add(call: FinishedCall, peer: string, route: number, kind: number): CallSeries {
    this.#names.met(peer, call.errorCode);
    return this.#series.add(peer, call.version, route * KINDS + kind, {
      own: () => this.#labels({ ...call, peer, route: route > MOST_ROUTES ? OTHER : call.route }),
      // Of all peers, versions and routes together.
      overflowKey: kind,
      overflow: () => this.#labels({ ...call, peer: OTHER, version: "", route: "" }),
    });
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /**
   * The calls that ended since the last time, by peer, version and route. Of what was refused before anybody knew whom
   * it was for there is nothing. For one reader: who asks takes it.
   */
  takeNew(): EdgeTally[] {
    const tallies = new Map<string, EdgeTally>();
    for (const series of this.#series.all()) {
      const count = series.newCalls;
      const { weft_caller, weft_callee, weft_version, http_route } = series.labels;
      const peer = String(this.side === "client" ? weft_callee : weft_caller);
      if (count === 0 || peer === "") continue;
      const [version, route] = [String(weft_version ?? ""), String(http_route ?? "")];
      const key = `${peer} ${version} ${route}`;
      const tally = tallies.get(key) ?? new EdgeTally(peer, version, route);
      tallies.set(key, tally);
      tally.count(series.status, series.code, count);
      series.addNewTo(tally);
    }
    return [...tallies.values()];
  }

  /** The series that are not idle. */
  series(): Iterable<CallSeries> {
    this.#series.sweep();
    return this.#series.all();
  }

  /** How the calls with each peer and version ended, since the start or since there were none for a while. */
  tallies(): Iterable<EdgeTally> {
    return this.#series.tallies();
  }

  /** Calls by the mesh's code that ended them. */
  get errors(): Iterable<readonly [code: string, count: number]> {
    return [...this.#codes].map(([code, i]) => [code, this.#errors[i]!]);
  }

  /** Of calls that ended. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Calls by what policy put in. */
  get injected(): Iterable<readonly [fault: string, count: number]> {
    return this.#injected;
  }

  #routeNumber(route: string): number {
    const known = this.#routes.get(route);
    if (known !== undefined) return known;
    const number = this.#routes.size + 1;
    if (number <= MOST_ROUTES) this.#routes.set(route, number);
    return number;
  }

  #codeNumber(code: string): number {
    const known = this.#codes.get(code);
    if (known !== undefined) return known;
    this.#codes.set(code, this.#errors.length);
    return this.#errors.push(0) - 1;
  }

  #labels({ method, status, peer, version, route, errorCode }: FinishedCall): Labels {
    const client = this.side === "client";
    // OpenTelemetry HTTP conventions: a client's error starts at status 400, a server's at 500.
    const failedStatus = status !== undefined && status >= (client ? 400 : 500);
    const error = errorCode ?? (failedStatus ? String(status) : undefined);
    return {
      http_request_method: METHOD_NUMBER.has(method) ? method : OTHER,
      ...(status === undefined ? {} : { http_response_status_code: status }),
      ...(error === undefined ? {} : { error_type: error }),
      weft_caller: client ? this.service : peer,
      weft_callee: client ? peer : this.service,
      ...(version === "" ? {} : { weft_version: version }),
      // OpenTelemetry's name for the matched rule; never the path, which anybody can make up.
      ...(route === "" ? {} : { http_route: route }),
    };
  }
}
