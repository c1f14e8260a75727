import type { GraphEdge } from "../data/answers.ts";

/** What of the calls to a service one of its versions takes, and how that goes. */
export function trafficOf(edges: readonly GraphEdge[], service: string, version: string) {
  let all = 0;
  let own = 0;
  let good = 0;
  for (const { to, versions } of edges) {
    if (to !== service) continue;
    for (const one of versions) {
      all += one.calls;
      if (one.version !== version) continue;
      own += one.calls;
      good += one.calls * (one.success ?? 0);
    }
  }
  return { share: all === 0 ? 0 : own / all, success: own === 0 ? null : good / own };
}
