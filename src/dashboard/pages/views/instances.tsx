import type { Instance, ServiceSignals } from "../data/answers.ts";
import { useNow } from "../data/live.ts";
import { agoText, countOf, spanText } from "../model/format.ts";
import type { Sign } from "../model/sign.ts";
import { Empty } from "../parts/shown.tsx";
import { SignMark } from "../parts/sign.tsx";

const SIGNS: Readonly<Record<Instance["state"], Sign>> = {
  up: { tone: "ok", mark: "●", word: "up" },
  down: { tone: "bad", mark: "✕", word: "app not healthy" },
  silent: { tone: "bad", mark: "■", word: "silent" },
  left: { tone: "idle", mark: "○", word: "left" },
};
const EJECTED: Sign = { tone: "fair", mark: "▲", word: "ejected" };

/** The instances of a service; who left is shown for ten minutes. @param reports what their sidecars said last */
export function InstanceTable({
  instances,
  reports,
}: {
  readonly instances: readonly Instance[];
  readonly reports: ServiceSignals["instances"];
}) {
  const now = useNow();
  if (instances.length === 0)
    return (
      <Empty title="No instance">
        <p>It only calls others, or none was up within the last ten minutes.</p>
      </Empty>
    );
  const said = new Map(reports.map((report) => [report.instance, report]));
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Instance</th>
            <th>Version</th>
            <th>State</th>
            <th>Up for</th>
            <th>Heard</th>
            <th class="number">Under way</th>
            <th class="number">In its app</th>
            <th>Credential, certificate for</th>
          </tr>
        </thead>
        <tbody>
          {instances.map(({ instance, version, zone, state, startedAt, lastSeen, ejectedBy }) => {
            const report = said.get(instance);
            return (
              <tr key={instance}>
                <th scope="row">
                  <code>{instance}</code>
                  {zone === undefined ? "" : ` in ${zone}`}
                </th>
                <td>{version}</td>
                <td>
                  <SignMark sign={SIGNS[state]} />
                  {ejectedBy && (
                    <>
                      {" "}
                      <SignMark sign={EJECTED} /> by {countOf(ejectedBy.sidecars, "sidecar")} of{" "}
                      {ejectedBy.services.join(", ")}
                    </>
                  )}
                </td>
                <td>{state === "up" ? spanText(now - Date.parse(startedAt)) : "–"}</td>
                <td>{agoText(Date.parse(lastSeen), now)}</td>
                <td class="number">{report?.inFlight.server ?? "–"}</td>
                <td class="number">{appText(report?.app)}</td>
                <td>{state === "up" ? expiryText(report?.expiry, now) : "–"}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

const appText = (app: ServiceSignals["instances"][number]["app"]): string =>
  app === undefined
    ? "–"
    : `${app.running}${app.limit === undefined ? "" : ` of ${app.limit}`}${app.waiting > 0 ? `, ${app.waiting} wait` : ""}`;

const expiryText = (expiry: ServiceSignals["instances"][number]["expiry"], now: number): string =>
  [expiry?.jwt, expiry?.leaf]
    .map((endsAt) => (endsAt === undefined ? "–" : spanText(endsAt - now)))
    .join(", ");
