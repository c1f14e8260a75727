import { useContext, useState } from "preact/hooks";
import type { Graph } from "../data/answers.ts";
import { useNow } from "../data/live.ts";
import { Here } from "../data/place.ts";
import type { KeptTrace, KeptTraces } from "../data/trace-answers.ts";
import { News, useAnswer } from "../data/use-answer.ts";
import { agoText, clockText, countOf, msText } from "../model/format.ts";
import { filterOf, type TraceFilter, traceHref, tracesPath } from "../model/trace-filter.ts";
import { signOfTrace } from "../model/trace-sign.ts";
import { onArrows } from "../parts/arrows.ts";
import { ServiceNames } from "../parts/service-names.tsx";
import { Empty, Shown } from "../parts/shown.tsx";
import { SignMark } from "../parts/sign.tsx";
import { TraceFilters } from "./trace-filters.tsx";

const LIMIT = 100;

/** The traces that sidecars keep, the newest first. @param graph the mesh of now */
export function TracesPage({ graph }: { readonly graph: Graph | undefined }) {
  const news = useContext(News);
  const { query } = useContext(Here);
  // A busy mesh has new ones every second: who wants to read may hold them.
  const [held, hold] = useState<number>();
  return (
    <>
      <div class="bar title">
        <h1>Traces</h1>
        <span class="soft">failed, slow, and one a second of the others; of the last hour</span>
        <button
          type="button"
          class="pick"
          aria-pressed={held !== undefined}
          onClick={() => hold(held === undefined ? news : undefined)}
        >
          {held === undefined ? "Hold the list" : "Go on"}
        </button>
      </div>
      <section class="card" aria-label="Kept traces">
        <TraceFilters graph={graph} />
        <News.Provider value={held ?? news}>
          <Kept filter={filterOf(query)} />
        </News.Provider>
      </section>
    </>
  );
}

function Kept({ filter }: { readonly filter: TraceFilter }) {
  const answer = useAnswer<KeptTraces>(tracesPath(filter, LIMIT));
  return (
    <Shown answer={answer} what="the traces">
      {({ traces }) =>
        traces.length === 0 ? (
          <NoTraces filter={filter} />
        ) : (
          <>
            <Rows traces={traces} />
            {traces.length === LIMIT && (
              <p class="soft">
                These are the newest {LIMIT}; there may be older ones, which a narrower choice shows.
              </p>
            )}
          </>
        )
      }
    </Shown>
  );
}

function NoTraces({ filter: { kind, service, caller, leastMs } }: { readonly filter: TraceFilter }) {
  const isNarrow = kind !== "recent" || service !== undefined || caller !== undefined || leastMs > 0;
  if (isNarrow)
    return (
      <Empty title="No such trace in the last hour">
        <p>
          <a href="/traces">Show all that are kept</a>
        </p>
      </Empty>
    );
  return (
    <Empty title="No trace in the last hour">
      <p>Sidecars keep traces by themselves as soon as there are calls:</p>
      <pre>npx weft call SERVICE /</pre>
    </Empty>
  );
}

const Rows = ({ traces }: { readonly traces: readonly KeptTrace[] }) => {
  const now = useNow();
  const most = Math.max(...traces.map(({ longest }) => longest.ms));
  return (
    <div class="scroll">
      <table class="traces" onKeyDown={onArrows}>
        <thead>
          <tr>
            <th>Call</th>
            <th class="wide">When</th>
            <th>Result</th>
            <th class="number">Took</th>
            <th class="wide" aria-label="How that compares" />
            <th class="wide">Services</th>
          </tr>
        </thead>
        <tbody>
          {traces.map((trace) => (
            <Row key={trace.traceId} trace={trace} now={now} most={most} />
          ))}
        </tbody>
      </table>
    </div>
  );
};

function Row({
  trace,
  now,
  most,
}: {
  readonly trace: KeptTrace;
  readonly now: number;
  readonly most: number;
}) {
  const { traceId, at, longest, failed, services } = trace;
  const sign = signOfTrace(trace);
  const { caller, callee, method, ms } = longest;
  const attempts = (failed ?? longest).attempts;
  const isElsewhere = failed !== undefined && (failed.caller !== caller || failed.callee !== callee);
  return (
    <tr>
      <th scope="row">
        <a href={traceHref(traceId)}>
          {caller || "?"} → {callee}
        </a>
        <span class="under">
          {method} <span class="narrow">· {agoText(at, now)}</span>
        </span>
      </th>
      <td class="wide">
        {clockText(at)}
        <span class="under">{agoText(at, now)}</span>
      </td>
      <td class="outcome">
        <SignMark sign={sign} />
        <span class="under">
          {[
            ...(isElsewhere ? [`${failed.caller} → ${failed.callee}`] : []),
            ...(attempts > 1 ? [countOf(attempts, "attempt")] : []),
          ].join(", ")}
        </span>
      </td>
      <td class="number">{msText(ms)}</td>
      <td class="wide compare" aria-hidden="true">
        <span class={`meter ${sign.tone}`} style={{ width: `${(100 * ms) / Math.max(most, 0.001)}%` }} />
      </td>
      <td class="wide services">
        <ServiceNames names={services} />
      </td>
    </tr>
  );
}
