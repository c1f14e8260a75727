import type { Series } from "../series.ts";
import type { SignalBook } from "../signal-book.ts";
import type { Window } from "../window.ts";
import { Sum } from "./sum.ts";

/** Calls of one service to another, as far as both ends tell. */
export interface Edge {
  readonly caller: string;
  readonly callee: string;
  /** Whose reports there are. What only the callee tells has no calls that did not get there. */
  readonly seenBy: "both" | "caller" | "callee";
  /** Of the end that counts: the caller's, or the callee's where the caller tells nothing. */
  readonly calls: readonly Series[];
  /** Of the other end: what its policy did counts as well. */
  readonly other: readonly Series[];
}

/** The edges within the window, of which anything is known. */
export function edgesOf(book: SignalBook, window: Window, wanted = (_: Edge): boolean => true): Edge[] {
  const pairs = new Map<string, { client: Series[]; server: Series[]; caller: string; callee: string }>();
  for (const series of book.all()) {
    const { of } = series;
    if (of.kind !== "edge") continue;
    const { caller, callee } = of;
    const key = `${caller} ${callee}`;
    const pair = pairs.get(key) ?? { client: [], server: [], caller, callee };
    pairs.set(key, pair);
    pair[of.side].push(series);
  }
  const edges: Edge[] = [];
  for (const { client, server, caller, callee } of pairs.values()) {
    const [told, heard] = [client, server].map((side) => totalOf(side, window));
    if (told!.isOfNoCall && heard!.isOfNoCall) continue;
    const byCaller = told!.calls > 0;
    const edge: Edge = {
      ...{ caller, callee },
      seenBy: byCaller ? (heard!.calls > 0 ? "both" : "caller") : heard!.calls > 0 ? "callee" : "caller",
      calls: byCaller ? client : server,
      other: byCaller ? server : client,
    };
    if (wanted(edge)) edges.push(edge);
  }
  return edges;
}

/** What a window has of some edges together, each counted once. */
export function sumOf(edges: readonly Edge[], sum: Sum): Sum {
  for (const { calls, other } of edges) {
    for (const series of calls) sum.add(series);
    for (const series of other) sum.addPolicy(series);
  }
  return sum;
}

function totalOf(all: readonly Series[], window: Window): Sum {
  const sum = new Sum(window, window.to - window.from);
  for (const series of all) sum.add(series);
  return sum;
}
