import { useState } from "preact/hooks";
import type { Explained } from "../data/trace-answers.ts";
import { News, useAnswer } from "../data/use-answer.ts";
import type { Session } from "../data/use-session.ts";
import { explained } from "../model/explained.ts";
import { dayText } from "../model/format.ts";
import { traceHref } from "../model/trace-filter.ts";
import { Empty, Shown } from "../parts/shown.tsx";
import { SignIn } from "../parts/sign-in.tsx";
import { Waterfall } from "./waterfall.tsx";

/** What the sidecars know of one request, as `weft explain` tells it. Each time all of them are asked: so only once. */
export function ExplainPage({
  requestId,
  session,
}: {
  readonly requestId: string;
  readonly session: Session;
}) {
  const [asks, setAsks] = useState(1);
  return (
    <>
      <div class="bar title">
        <h1>Request {requestId}</h1>
        {session.signedIn && (
          <button type="button" class="pick" onClick={() => setAsks(asks + 1)}>
            Ask again
          </button>
        )}
      </div>
      {session.signedIn ? (
        <News.Provider value={asks}>
          <Told key={requestId} requestId={requestId} />
        </News.Provider>
      ) : (
        <SignIn
          session={session}
          why="What is known of a request has its path, so it is shown to admins alone."
        />
      )}
    </>
  );
}

function Told({ requestId }: { readonly requestId: string }) {
  const answer = useAnswer<Explained>(`/v1/explain/${encodeURIComponent(requestId)}`);
  return (
    <section class="card" aria-label="What is known of it">
      <Shown answer={answer} what="what is known of this request">
        {(value) => {
          if (value.accounts.length === 0)
            return (
              <Empty title="No sidecar remembers this request">
                <p>
                  Give the <code>x-request-id</code> of the answer. A sidecar forgets its older calls, and all
                  of them when it ends.
                </p>
              </Empty>
            );
          const trace = explained(value);
          return (
            <>
              <p class="about soft">
                <span>{dayText(trace.at)}</span>
                {trace.traceId !== "" && <a href={traceHref(trace.traceId)}>All of its trace</a>}
              </p>
              <Waterfall trace={trace} />
            </>
          );
        }}
      </Shown>
    </section>
  );
}
