import { describeScenario } from "../scenario.ts";
import type { Row } from "../summary.ts";
import { classOf } from "./paths-look.ts";
import { countText, escapeHtml, px } from "./svg.ts";

const WIDTH = 460;
const LEFT = 84;
const RIGHT = 392;
const STEP = 26;
const THICK = 15;

const ROLES = ["outbound", "inbound", "broker", "responder"];

interface Bar {
  readonly path: string;
  readonly text: string;
  /** Pieces from left to right, each with its class and length. */
  readonly pieces: readonly { readonly look: string; readonly value: number; readonly title: string }[];
  /** Ends of a whisker. */
  readonly whisker?: readonly [number, number];
}

/** Requests per second of each path, with the spread of the rounds. */
export function throughputBars(rows: readonly Row[]): string {
  const sorted = [...rows].sort((a, b) => b.requestsPerS - a.requestsPerS);
  return figure(
    describeScenario(rows[0]!.scenario),
    sorted.map((row) => ({
      path: row.path,
      text: countText(row.requestsPerS),
      pieces: [
        {
          look: classOf(row.path),
          value: row.requestsPerS,
          title: `${row.path}: ${countText(row.requestsPerS)} req/s`,
        },
      ],
      ...(row.rounds > 1 && {
        whisker: [row.requestsPerS * (1 - row.spread), row.requestsPerS * (1 + row.spread)] as const,
      }),
    })),
  );
}

/** CPU time per request of each path, by process; the app is left out. Paths with no process of their own too. */
export function cpuBars(rows: readonly Row[]): string {
  const bars = rows
    .map((row): Bar & { total: number } => {
      const pieces = ROLES.filter((role) => row.cpuUs[role] !== undefined).map((role) => ({
        look: `r-${role}`,
        value: row.cpuUs[role]!,
        title: `${row.path}, ${role}: ${row.cpuUs[role]!.toFixed(1)} µs`,
      }));
      const total = pieces.reduce((sum, { value }) => sum + value, 0);
      return { path: row.path, text: `${total.toFixed(0)} µs`, pieces, total };
    })
    .filter(({ total }) => total > 0)
    .sort((a, b) => a.total - b.total);
  return bars.length === 0 ? "" : figure(describeScenario(rows[0]!.scenario), bars);
}

export const cpuLegend = (): string =>
  `<p class="legend">${ROLES.map((role) => `<span><i class="swatch r-${role}"></i>${role}</span>`).join("")}</p>`;

function figure(title: string, bars: readonly Bar[]): string {
  const ends = bars.map((bar) => bar.whisker?.[1] ?? bar.pieces.reduce((sum, { value }) => sum + value, 0));
  const scale = (RIGHT - LEFT) / Math.max(...ends);
  const height = bars.length * STEP + 8;
  return `<figure>
<figcaption>${escapeHtml(title)}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeHtml(title)}">
${bars.map((bar, i) => drawBar(bar, 4 + i * STEP, scale)).join("\n")}
</svg></figure>`;
}

function drawBar({ path, text, pieces, whisker }: Bar, top: number, scale: number): string {
  const middle = top + STEP / 2;
  let at = LEFT;
  const rects = pieces.map(({ look, value, title }) => {
    const from = at;
    at += value * scale;
    return `<rect class="${look}" x="${px(from)}" y="${px(middle - THICK / 2)}" width="${px(Math.max(0.5, at - from))}" height="${THICK}" rx="2"><title>${escapeHtml(title)}</title></rect>`;
  });
  const [low, high] = whisker?.map((value) => LEFT + value * scale) ?? [at, at];
  const spread = whisker
    ? `<path class="whisker" d="M${px(low!)} ${px(middle)}H${px(high!)}M${px(low!)} ${px(middle - 4)}v8M${px(high!)} ${px(middle - 4)}v8"/>`
    : "";
  return `<text class="name" x="${LEFT - 8}" y="${px(middle)}" dy=".34em" text-anchor="end">${escapeHtml(path)}</text>${rects.join("")}${spread}<text class="value" x="${px(Math.max(at, high!) + 7)}" y="${px(middle)}" dy=".34em">${escapeHtml(text)}</text>`;
}
