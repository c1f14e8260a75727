import { BUCKETS } from "./histogram.ts";

/** The calls of one side with one peer, version and route, in a span of time. */
export class EdgeTally {
  readonly peer: string;
  /** Of the callee; empty when it was not chosen. */
  readonly version: string;
  /** The rule that took them; empty when none did. */
  readonly route: string;
  /** By class of status: of index 2 are those with 2xx, of index 0 those without an answer. */
  readonly statuses: number[] = [0, 0, 0, 0, 0, 0];
  /** Those that the mesh ended by itself, by code. */
  readonly codes = new Map<string, number>();
  readonly buckets = new Float64Array(BUCKETS);
  sumMs = 0;
  /** Answered with 5xx, or ended by the mesh, but for those that the caller gave up himself. */
  failed = 0;

  constructor(peer: string, version: string, route: string) {
    this.peer = peer;
    this.version = version;
    this.route = route;
  }

  get calls(): number {
    return this.statuses.reduce((sum, count) => sum + count, 0);
  }

  /** @param code empty when the app answered */
  count(status: number | undefined, code: string, count: number): void {
    this.statuses[Math.min(5, Math.floor((status ?? 0) / 100))]! += count;
    if (code !== "") this.codes.set(code, (this.codes.get(code) ?? 0) + count);
    if (isFailure(status, code)) this.failed += count;
  }

  /** Takes in what another has. */
  add({ statuses, codes, buckets, sumMs, failed }: EdgeTally): void {
    for (const [i, count] of statuses.entries()) this.statuses[i]! += count;
    for (const [code, count] of codes) this.codes.set(code, (this.codes.get(code) ?? 0) + count);
    for (let i = 0; i < BUCKETS; i++) this.buckets[i]! += buckets[i]!;
    this.sumMs += sumMs;
    this.failed += failed;
  }
}

/** A caller that leaves says nothing about the callee; a call without a status is one of those, too. */
const isFailure = (status: number | undefined, code: string): boolean =>
  code === "" ? (status ?? 0) >= 500 : code !== "cancelled";
