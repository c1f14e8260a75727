import { isToken } from "../../subjects/token.ts";
import { EdgeTally } from "../../telemetry/edge-tally.ts";
import { type EdgeReport, isPeer, OTHER } from "./wire.ts";

/** Names of rules that are longer are told as others. */
const MAX_ROUTE = 520;

/** Packs what a meter tells: the busiest edges by themselves, all others as one. */
export function edgeReports(side: EdgeReport["side"], tallies: EdgeTally[], most: number): EdgeReport[] {
  const sorted = tallies.length <= most ? tallies : tallies.sort((a, b) => b.calls - a.calls);
  const kept = sorted.slice(0, most);
  if (sorted.length > most) {
    const rest = new EdgeTally(OTHER, "", "");
    for (const tally of sorted.slice(most)) rest.add(tally);
    kept.push(rest);
  }
  return kept.map((tally) => reportOf(side, tally));
}

function reportOf(side: EdgeReport["side"], tally: EdgeTally): EdgeReport {
  const { peer, version, route, statuses, failed, sumMs, buckets, codes } = tally;
  const durations: number[] = [];
  for (const [bucket, count] of buckets.entries()) if (count > 0) durations.push(bucket, count);
  return {
    // A name that is none must not spoil the whole report.
    ...{ side, peer: isPeer(peer) ? peer : OTHER },
    ...(isToken(version) ? { version } : {}),
    ...(route === "" ? {} : { route: route.length > MAX_ROUTE ? OTHER : route }),
    ...{ statuses, failed, sumMs, durations },
    ...(codes.size === 0 ? {} : { codes: Object.fromEntries(codes) }),
  };
}
