import type { ComponentChildren } from "preact";
import type { Charted, ServiceSignals } from "../data/answers.ts";
import { msText, rateText, shareText, spanText } from "../model/format.ts";
import { healthOfCalls, signOf } from "../model/sign.ts";
import { Empty } from "../parts/shown.tsx";
import { SignMark } from "../parts/sign.tsx";
import { Chart, type Line } from "./chart.tsx";
import { Counts, GoldenTable } from "./golden-table.tsx";

/** Lines beyond these cannot be told apart; the table has them all. */
const MOST_LINES = 6;
const DASHES = [[], [6, 3], [2, 3], [10, 4], [6, 3, 2, 3], [1, 2]];

/** The golden signals of a service, in and out, and told apart. @param children what is chosen to tell them apart by */
export function Signals({
  signals,
  children,
}: {
  readonly signals: ServiceSignals;
  readonly children: ComponentChildren;
}) {
  const { from, to, stepMs, by } = signals;
  const span = spanText(to - from);
  const times = signals.in.points.rate.map((_, i) => (from + i * stepMs) / 1000);
  const rows = by.rows.slice(0, MOST_LINES);
  const linesOf = (what: "rate" | "p99"): Line[] =>
    rows.map(({ name, points }, i) => ({
      label: nameOf(name),
      values: points[what],
      colour: `--c${i + 1}`,
      dash: DASHES[i]!,
    }));
  return (
    <>
      <div class="two">
        <Direction title="Calls that come in" calls={signals.in} times={times} span={span} />
        <Direction title="Calls that it makes" calls={signals.out} times={times} span={span} />
      </div>
      <div class="bar">
        <h3>Told apart by</h3>
        {children}
        <span class="soft">{by.direction === "in" ? "calls that come in" : "calls that it makes"}</span>
      </div>
      {by.rows.length === 0 ? (
        <Empty title="No calls in this time" />
      ) : (
        <>
          <div class="two">
            <Chart
              title={`Calls a second, by ${by.dimension}`}
              times={times}
              lines={linesOf("rate")}
              text={rateOf}
            />
            <Chart title={`p99, by ${by.dimension}`} times={times} lines={linesOf("p99")} text={msText} />
          </div>
          <GoldenTable
            head={by.dimension}
            policy={by.policy}
            rows={by.rows.map((row) => ({ ...row, name: nameOf(row.name) }))}
          />
        </>
      )}
    </>
  );
}

const nameOf = (name: string): string => (name === "" ? "(none)" : name);
const rateOf = (value: number | null): string => (value === null ? "–" : rateText(value));

function Direction({
  title,
  calls,
  times,
  span,
}: {
  readonly title: string;
  readonly calls: Charted;
  readonly times: readonly number[];
  readonly span: string;
}) {
  const { points } = calls;
  const good = points.rate.map((rate, i) => Math.max(0, rate - (points.failed[i] ?? 0)));
  return (
    <section class="direction" aria-label={title}>
      <h3>
        {title} <SignMark sign={signOf(healthOfCalls(calls.success))} /> <span class="soft">over {span}</span>
      </h3>
      {calls.calls === 0 ? (
        <Empty title="No calls in this time" />
      ) : (
        <>
          <dl class="tiles">
            <Tile name="Rate" value={rateText(calls.rate)} />
            <Tile name="Success" value={shareText(calls.success)} />
            <Tile name="p50" value={msText(calls.p50)} />
            <Tile name="p90" value={msText(calls.p90)} />
            <Tile name="p99" value={msText(calls.p99)} />
          </dl>
          <Chart
            title="Calls a second"
            times={times}
            lines={[
              { label: "good", values: good, colour: "--c1" },
              { label: "failed", values: points.failed, colour: "--bad", dash: [4, 3] },
            ]}
            text={rateOf}
          />
          <Chart
            title="Time to answer"
            times={times}
            lines={[
              { label: "p50", values: points.p50, colour: "--c2" },
              { label: "p99", values: points.p99, colour: "--c3", dash: [6, 3] },
            ]}
            text={msText}
          />
        </>
      )}
      <Counts calls={calls} />
    </section>
  );
}

const Tile = ({ name, value }: { readonly name: string; readonly value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);
