import type { Golden } from "../data/answers.ts";
import { countText, msText, rateText, shareText } from "../model/format.ts";
import { healthOfCalls, signOf } from "../model/sign.ts";
import { SignMark } from "../parts/sign.tsx";

type Row = Golden & { readonly name: string };

const CLASSES = ["2xx", "3xx", "4xx", "5xx", "none"] as const;
const POLICY = ["retries", "hedges", "ejections", "parked", "limited", "shed"] as const;

/** What nobody wants to see. */
const BAD: ReadonlySet<string> = new Set(["5xx", "none", "ejections", "parked", "limited", "shed"]);
const toneOf = (name: string, count: number): string => (count === 0 ? "zero" : BAD.has(name) ? "bad" : "");

const countsOf = ({ statuses, ...counts }: Golden): readonly (readonly [string, number])[] => [
  ...CLASSES.map((name) => [name, statuses[name]] as const),
  ...POLICY.map((name) => [name, counts[name]] as const),
];

const codesText = ({ codes }: Golden): string =>
  Object.entries(codes)
    .map(([code, count]) => `${code} ${countText(count)}`)
    .join(", ") || "–";

/** All golden signals, a line for each row. @param policy what policy did that is known of the rows */
export function GoldenTable({
  head,
  rows,
  policy,
}: {
  readonly head: string;
  readonly rows: readonly Row[];
  readonly policy: readonly string[];
}) {
  const isKnown = (name: string): boolean => !POLICY.some((one) => one === name) || policy.includes(name);
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>{head}</th>
            {["rate", "success", "p50", "p90", "p99", ...CLASSES, ...POLICY].map((name) => (
              <th key={name} class="number">
                {name}
              </th>
            ))}
            <th>ended by the mesh</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name}>
              <th scope="row">
                <SignMark sign={signOf(healthOfCalls(row.success))} quiet /> {row.name}
              </th>
              <td class="number">{rateText(row.rate)}</td>
              <td class="number">{shareText(row.success)}</td>
              <td class="number">{msText(row.p50)}</td>
              <td class="number">{msText(row.p90)}</td>
              <td class="number">{msText(row.p99)}</td>
              {countsOf(row).map(([name, count]) => (
                <td key={name} class={`number ${isKnown(name) ? toneOf(name, count) : "zero"}`}>
                  {isKnown(name) ? countText(count) : "–"}
                </td>
              ))}
              <td>{codesText(row)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What came of some calls, and what policy did with them, in one paragraph. */
export const Counts = ({ calls }: { readonly calls: Golden }) => (
  <dl class="tiles small">
    {countsOf(calls).map(([name, count]) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd class={toneOf(name, count)}>{countText(count)}</dd>
      </div>
    ))}
    <div>
      <dt>ended by the mesh</dt>
      <dd class="codes">{codesText(calls)}</dd>
    </div>
  </dl>
);
