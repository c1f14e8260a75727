import { useContext } from "preact/hooks";
import type { History, Policy, Sidecars } from "../data/answers.ts";
import { Here } from "../data/place.ts";
import { useAnswer } from "../data/use-answer.ts";
import type { Session } from "../data/use-session.ts";
import { countOf, dayText } from "../model/format.ts";
import { Empty, Shown } from "../parts/shown.tsx";
import { Differences } from "./differences.tsx";
import { Resources } from "./policy-in-force.tsx";
import { RollBack } from "./roll-back.tsx";

/** What is in force, how it came about, and what differs between any two revisions. */
export function PolicyPage({ session }: { readonly session: Session }) {
  const policy = useAnswer<Policy>("/v1/policy");
  const history = useAnswer<History>("/v1/policy/history");
  const sidecars = useAnswer<Sidecars>("/v1/sidecars");
  return (
    <>
      <h1>Policy</h1>
      <section class="card" aria-labelledby="force-title">
        <h2 id="force-title">In force</h2>
        <Shown answer={policy} what="the policy">
          {({ revision, at, resources }) => (
            <>
              <p>
                Revision <strong>{revision}</strong>, since {dayText(Date.parse(at))}.{" "}
                <Followers sidecars={sidecars.value} />
              </p>
              {resources.length === 0 ? <NoPolicy /> : <Resources entries={resources} />}
            </>
          )}
        </Shown>
      </section>
      <Shown answer={history} what="the history">
        {({ revisions }) => <Revisions history={revisions} session={session} />}
      </Shown>
    </>
  );
}

function Followers({ sidecars }: { readonly sidecars: Sidecars | undefined }) {
  const all = sidecars?.sidecars ?? [];
  if (all.length === 0) return null;
  const lagging = all.filter((one) => one.lagging);
  if (lagging.length === 0)
    return <span class="sign ok">● {countOf(all.length, "sidecar runs", "sidecars run")} it</span>;
  const names = lagging.map(
    ({ service, instance, policyRevision }) => `${service} ${instance} (${policyRevision ?? "none"})`,
  );
  return (
    <span class="sign fair long">
      ▲ {lagging.length} of {all.length} sidecars do not run it yet: {names.join(", ")}
    </span>
  );
}

const NoPolicy = () => (
  <Empty title="No route and no policy: the defaults hold">
    <p>
      Put some into force with <code>weft apply -f FILE</code>.
    </p>
  </Empty>
);

function Revisions({
  history,
  session,
}: {
  readonly history: History["revisions"];
  readonly session: Session;
}) {
  const { query, path, go } = useContext(Here);
  const newest = history[0]?.revision ?? 0;
  const numbered = (name: string, otherwise: number) => {
    const asked = query.get(name);
    return asked !== null && /^\d{1,15}$/.test(asked) ? Number(asked) : otherwise;
  };
  const to = numbered("to", newest);
  const from = numbered("from", history[1]?.revision ?? newest);
  const pick = (change: Record<string, string>) => go(path, change, true);
  return (
    <section class="card" aria-labelledby="history-title">
      <h2 id="history-title">Revisions</h2>
      <div class="scroll revisions">
        <table>
          <thead>
            <tr>
              <th>From</th>
              <th>To</th>
              <th class="number">Revision</th>
              <th>When</th>
              <th>By</th>
              <th>Cause</th>
              <th class="number">New</th>
              <th class="number">Changed</th>
              <th class="number">Deleted</th>
              {session.signedIn && <th>Go back</th>}
            </tr>
          </thead>
          <tbody>
            {history.map((one) => (
              <tr key={one.revision}>
                <td>
                  <input
                    type="radio"
                    name="from"
                    aria-label={`Compare from revision ${one.revision}`}
                    checked={one.revision === from}
                    onChange={() => pick({ from: String(one.revision) })}
                  />
                </td>
                <td>
                  <input
                    type="radio"
                    name="to"
                    aria-label={`Compare to revision ${one.revision}`}
                    checked={one.revision === to}
                    onChange={() => pick({ to: String(one.revision) })}
                  />
                </td>
                <td class="number">{one.revision}</td>
                <td>{dayText(Date.parse(one.at))}</td>
                <td>{one.by}</td>
                <td>{one.cause}</td>
                <td class="number">{one.created}</td>
                <td class="number">{one.configured}</td>
                <td class="number">{one.deleted}</td>
                {session.signedIn && (
                  <td>{one.revision !== newest && <RollBack revision={one.revision} />}</td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {from !== to && <Differences from={from} to={to} />}
    </section>
  );
}
