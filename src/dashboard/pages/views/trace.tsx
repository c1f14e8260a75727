import { useEffect, useState } from "preact/hooks";
import type { Trace } from "../data/trace-answers.ts";
import { News, useAnswer } from "../data/use-answer.ts";
import type { Session } from "../data/use-session.ts";
import { countOf, dayText, msText } from "../model/format.ts";
import { explainHref, traceHref } from "../model/trace-filter.ts";
import { signOfResult } from "../model/trace-sign.ts";
import { storyOf, type Told } from "../model/trace-story.ts";
import { Coded } from "../parts/coded.tsx";
import { ServiceNames } from "../parts/service-names.tsx";
import { Empty, Shown } from "../parts/shown.tsx";
import { SignMark } from "../parts/sign.tsx";
import { SignIn } from "../parts/sign-in.tsx";
import { Waterfall } from "./waterfall.tsx";

/** Each time all sidecars are asked, so not with all news, and only for what may still change. */
const AGAIN_MS = 3000;
/** A trace that nobody knows may be told of within a moment, or never. */
const MOST_ASKS = 4;

/** One trace. Signed in, one sees more of it; who signs out sees no more of it, at once. */
export function TracePage({ traceId, session }: { readonly traceId: string; readonly session: Session }) {
  const [asks, setAsks] = useState(1);
  return (
    <News.Provider value={asks}>
      <Asked
        key={`${traceId} ${session.signedIn}`}
        traceId={traceId}
        session={session}
        asks={asks}
        again={() => setAsks((count) => count + 1)}
      />
    </News.Provider>
  );
}

function Asked(props: {
  readonly traceId: string;
  readonly session: Session;
  readonly asks: number;
  readonly again: () => void;
}) {
  const { traceId, session, asks, again } = props;
  const answer = useAnswer<Trace>(`/v1/traces/${traceId}`);
  const { value, trouble } = answer;
  const isOpen =
    trouble !== undefined ||
    value?.spans.some(({ underWay }) => underWay) ||
    (value?.spans.length === 0 && asks < MOST_ASKS);
  useEffect(() => {
    if (!isOpen) return;
    const timer = setInterval(() => !document.hidden && again(), AGAIN_MS);
    return () => clearInterval(timer);
  }, [isOpen]);
  return (
    <Shown answer={answer} what={`the trace ${traceId}`}>
      {(trace) => (
        <div class="stack">
          <Heading trace={trace} again={again} />
          {trace.spans.length === 0 ? (
            <Forgotten traceId={trace.traceId} />
          ) : (
            <>
              <Story told={storyOf(trace)} />
              <section class="card" aria-label="Waterfall">
                <Waterfall trace={trace} />
              </section>
              {!session.signedIn && <More session={session} />}
            </>
          )}
        </div>
      )}
    </Shown>
  );
}

function Heading({ trace, again }: { readonly trace: Trace; readonly again: () => void }) {
  const { traceId, at, ms, spans } = trace;
  const [top] = spans;
  const services = [...new Set(spans.flatMap(({ caller, callee }) => [caller, callee]))].filter(Boolean);
  return (
    <>
      <div class="bar title">
        <h1>{top === undefined ? "Trace" : `${top.caller || "?"} → ${top.callee}`}</h1>
        {top && <SignMark sign={signOfResult(top)} />}
        {top && <strong>{msText(ms)}</strong>}
        <button type="button" class="pick" onClick={again}>
          Ask again
        </button>
      </div>
      <p class="about soft">
        {top && (
          <>
            <span class="asked">
              {top.method} {top.path}
            </span>
            <span>{dayText(at)}</span>
            <span>
              {countOf(spans.length, "span")} of <ServiceNames names={services} />
            </span>
          </>
        )}
        <code>{traceId}</code>
      </p>
    </>
  );
}

const MARKS = { bad: "■", fair: "▲", idle: "○" } as const;

const Story = ({ told }: { readonly told: readonly Told[] }) => {
  if (told.length === 0) return null;
  const tone = (["bad", "fair"] as const).find((one) => told.some((sentence) => sentence.tone === one));
  return (
    <section class={`wrongs story ${tone ?? "plain"}`} aria-label="What happened">
      <ul>
        {told.map(({ tone, text, more, traces = [] }, i) => (
          <li key={i}>
            <span class={`sign ${tone}`} aria-hidden="true">
              {MARKS[tone]}
            </span>
            <span>
              {more === undefined ? text : <strong>{text}</strong>} {more && <Coded text={more} />}
              {traces.map((traceId) => (
                <span key={traceId}>
                  {" "}
                  <a href={traceHref(traceId)}>{traceId.slice(0, 8)}…</a>
                </span>
              ))}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
};

const Forgotten = ({ traceId }: { readonly traceId: string }) => (
  <Empty title="No sidecar remembers this trace">
    <p>
      A sidecar keeps the traces of its last hour, as far as they are worth it, and forgets all when it ends.
    </p>
    <p>
      <a href="/traces">Those that are kept</a>, or, if this is an <code>x-request-id</code>,{" "}
      <a href={explainHref(traceId)}>what is known of the request</a>
    </p>
  </Empty>
);

const More = ({ session }: { readonly session: Session }) => (
  <details class="more">
    <summary>Sign in to see paths, messages, and what authorization said</summary>
    <SignIn session={session} why="They may hold somebody's data, so they are shown to admins alone." />
  </details>
);
