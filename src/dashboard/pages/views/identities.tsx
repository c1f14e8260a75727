import { useContext } from "preact/hooks";
import type { Identities as Answered, Identity } from "../data/answers.ts";
import { useNow } from "../data/live.ts";
import { Here, serviceHref } from "../data/place.ts";
import { useAnswer } from "../data/use-answer.ts";
import type { Session } from "../data/use-session.ts";
import { agoText, spanText } from "../model/format.ts";
import { endingOf } from "../model/lifetime.ts";
import type { Sign } from "../model/sign.ts";
import { Empty, Shown } from "../parts/shown.tsx";
import { SignMark } from "../parts/sign.tsx";
import { SignIn } from "../parts/sign-in.tsx";
import { Choices } from "./overview.tsx";

/** Who was let in, until when, when last renewed. Signed in only: it tells who came from where. */
export function Identities({ session }: { readonly session: Session }) {
  return (
    <>
      <h1>Identities</h1>
      {session.signedIn ? (
        <Ledger />
      ) : (
        <SignIn
          session={session}
          why="Who was let in, from which address and with which token, is shown to admins alone."
        />
      )}
    </>
  );
}

function Ledger() {
  const { query, path, go } = useContext(Here);
  const answer = useAnswer<Answered>("/identities");
  const now = useNow();
  const shown = query.get("show") === "all" ? "all" : "good";
  return (
    <section class="card" aria-label="Who was let in">
      <div class="bar">
        <h2>Who was let in</h2>
        <Choices
          label="Shown are"
          name="ended"
          value={shown}
          of={["good", "all"]}
          onPick={(show) => go(path, { show: show === "all" ? show : null }, true)}
        />
      </div>
      <Shown answer={answer} what="identities">
        {({ identities }) => {
          const rows = identities.filter((one) => shown === "all" || !ENDED.has(signOf(one, now).word));
          if (rows.length === 0)
            return (
              <Empty title="Nobody is in">
                <p>
                  <code>weft token SERVICE</code> lets somebody in; <code>weft run</code> does so by itself.
                </p>
              </Empty>
            );
          return <Rows rows={rows} now={now} />;
        }}
      </Shown>
    </section>
  );
}

const Rows = ({ rows, now }: { readonly rows: readonly Identity[]; readonly now: number }) => (
  <div class="scroll">
    <table>
      <thead>
        <tr>
          <th>Service</th>
          <th>Version</th>
          <th>Instance</th>
          <th>State</th>
          <th>Let in</th>
          <th>Renewed</th>
          <th>Credential ends</th>
          <th>Certificate ends</th>
          <th>By</th>
          <th>From</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((one) => (
          <tr key={`${one.service} ${one.instance}`}>
            <th scope="row">
              <a href={serviceHref(one.service)}>{one.service}</a>
            </th>
            <td>{one.version}</td>
            <td>
              <code>{one.instance}</code>
            </td>
            <td>
              <SignMark sign={signOf(one, now)} />
            </td>
            <td>{agoText(one.enrolledAt, now)}</td>
            <td>{one.issuedAt > one.enrolledAt ? agoText(one.issuedAt, now) : "not yet"}</td>
            <td>{endText(one.jwtExpiresAt, now)}</td>
            <td>{endText(one.certExpiresAt, now)}</td>
            <td>{one.admittedBy}</td>
            <td>{one.address}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);

const endText = (endsAt: number, now: number): string =>
  endsAt > now ? `in ${spanText(endsAt - now)}` : agoText(endsAt, now);

const ENDED: ReadonlySet<string> = new Set(["revoked", "ended", "away"]);

/** In the words of `weft identities`; `away` has a certificate that could still renew it. */
function signOf(one: Identity, now: number): Sign {
  if (one.revokedAt !== undefined) return { tone: "bad", mark: "✕", word: "revoked" };
  if (now >= one.certExpiresAt) return { tone: "idle", mark: "○", word: "ended" };
  if (now >= one.jwtExpiresAt) return { tone: "idle", mark: "○", word: "away" };
  const { tone } = endingOf(one, now);
  if (tone === "ok") return { tone, mark: "●", word: "good" };
  return { tone, mark: tone === "bad" ? "■" : "▲", word: "ends soon" };
}
