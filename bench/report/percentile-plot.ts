import { describeScenario, PERCENTILES } from "../scenario.ts";
import type { Row } from "../summary.ts";
import { classOf } from "./paths-look.ts";
import { escapeHtml, logScale, logTicks, px, spaced, timeText } from "./svg.ts";

const WIDTH = 474;
const HEIGHT = 290;
const LEFT = 54;
const RIGHT = 372;
const TOP = 14;
const BOTTOM = 250;
const X_TICKS = [50, 90, 99, 99.9, 99.99];

export interface Range {
  readonly low: number;
  readonly high: number;
}

interface Point {
  readonly percentile: number;
  readonly us: number;
}

/** Distance on the axis: each nine is as wide as the one before. */
const nines = (percentile: number): number => -Math.log10(1 - percentile / 100);

/** The part of a row's distribution that it has enough requests for. */
function trusted(row: Row, measureS: number): Point[] {
  const requests = row.requestsPerS * measureS;
  // At one connection the tail tells of the machine, not of the path.
  const last = row.scenario.load.connections === 1 ? 97.5 : 99.99;
  return PERCENTILES.flatMap((percentile, i) =>
    percentile <= last && requests * (1 - percentile / 100) >= 5
      ? [{ percentile, us: Math.max(1, row.percentilesUs[i]!) }]
      : [],
  );
}

/** Latencies from least to most of all rows, with a little air. */
export function latencyRange(rows: readonly Row[], measureS: number): Range {
  const all = rows.flatMap((row) => trusted(row, measureS).map(({ us }) => us));
  return { low: Math.min(...all) / 1.25, high: Math.max(...all) * 1.25 };
}

/** One scenario: a line for each path, percentiles across, latency upwards, both logarithmic. */
export function percentilePlot(rows: readonly Row[], measureS: number, range: Range): string {
  const lines = rows
    .map((row) => ({ row, points: trusted(row, measureS) }))
    .filter(({ points }) => points.length > 1);
  const end = Math.max(...lines.flatMap(({ points }) => points.map(({ percentile }) => nines(percentile))));
  const x = (percentile: number): number => LEFT + (nines(percentile) / end) * (RIGHT - LEFT);
  const y = logScale(range.low, range.high, BOTTOM, TOP);
  const labels = spaced(
    lines.map(({ points }) => y(points.at(-1)!.us)),
    13,
    TOP + 4,
    BOTTOM - 2,
  );
  const title = describeScenario(rows[0]!.scenario);
  return `<figure>
<figcaption>${escapeHtml(title)}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Latency by percentile: ${escapeHtml(title)}">
${yAxis(range, y)}
${xAxis(end, x)}
${lines.map(({ row, points }) => line(row, points, x, y)).join("\n")}
${lines.map(({ row, points }, i) => label(row, x(points.at(-1)!.percentile), y(points.at(-1)!.us), labels[i]!)).join("\n")}
</svg></figure>`;
}

function yAxis({ low, high }: Range, y: (us: number) => number): string {
  const few = Math.log10(high / low) < 1.6;
  return logTicks(low, high)
    .map(({ value, major }) => {
      const at = px(y(value));
      const text =
        major || few
          ? `<text class="tick" x="${LEFT - 7}" y="${at}" dy=".32em" text-anchor="end">${timeText(value)}</text>`
          : "";
      return `<line class="${major ? "grid" : "grid faint"}" x1="${LEFT}" x2="${RIGHT}" y1="${at}" y2="${at}"/>${text}`;
    })
    .join("");
}

function xAxis(end: number, x: (percentile: number) => number): string {
  const ticks = X_TICKS.filter((percentile) => nines(percentile) <= end + 1e-9)
    .map((percentile) => {
      const at = px(x(percentile));
      return `<line class="grid" x1="${at}" x2="${at}" y1="${TOP}" y2="${BOTTOM}"/><text class="tick" x="${at}" y="${BOTTOM + 16}" text-anchor="middle">p${percentile}</text>`;
    })
    .join("");
  return `${ticks}<line class="axis" x1="${LEFT}" x2="${RIGHT}" y1="${BOTTOM}" y2="${BOTTOM}"/>`;
}

function line(
  row: Row,
  points: readonly Point[],
  x: (p: number) => number,
  y: (us: number) => number,
): string {
  const d = points
    .map(({ percentile, us }, i) => `${i === 0 ? "M" : "L"}${px(x(percentile))} ${px(y(us))}`)
    .join("");
  const dots = points
    .filter(({ percentile }) => X_TICKS.includes(percentile))
    .map(
      ({ percentile, us }) =>
        `<circle cx="${px(x(percentile))}" cy="${px(y(us))}" r="2.6"><title>${escapeHtml(row.path)}: p${percentile} ${timeText(us)}</title></circle>`,
    )
    .join("");
  return `<g class="line ${classOf(row.path)}"><path d="${d}"/>${dots}</g>`;
}

function label(row: Row, endX: number, endY: number, labelY: number): string {
  return `<g class="label ${classOf(row.path)}"><path d="M${px(endX + 3)} ${px(endY)}L${px(RIGHT + 12)} ${px(labelY)}"/><text x="${RIGHT + 15}" y="${px(labelY)}" dy=".32em">${escapeHtml(row.path)}</text></g>`;
}
