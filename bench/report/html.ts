import { machineSentence } from "../machine.ts";
import { describeScenario, percentileIndex, scenarioKey } from "../scenario.ts";
import type { Row } from "../summary.ts";
import { BALANCE_COLUMNS, balanceLines, balanceTitle } from "./balance-lines.ts";
import { cpuBars, cpuLegend, throughputBars } from "./bars.ts";
import { classOf } from "./paths-look.ts";
import { latencyRange, percentilePlot } from "./percentile-plot.ts";
import { policyLines, policyTitle } from "./policy-lines.ts";
import type { Report } from "./report.ts";
import { STYLE } from "./style.ts";
import { escapeHtml, timeText } from "./svg.ts";
import { wholeNumber } from "./text.ts";

/** The report as one page that needs nothing else. */
export function htmlReport(report: Report): string {
  const { machine, plan, rows } = report;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>Weft: latency</title><style>${STYLE}</style></head><body><main>
<h1>Weft: latency of a meshed call</h1>
<p class="machine soft">${escapeHtml(machineSentence(machine))}. ${escapeHtml(machine.date.slice(0, 10))}. ${plan.rounds} round${plan.rounds === 1 ? "" : "s"} of ${plan.measureS} s,
paths interleaved in shuffled order; medians of the rounds. Figures tell of this machine only; the ratios carry further.</p>
${goals(report)}
<h2>Latency by percentile</h2>
<p class="soft">Lower is better. Across: each nine of the percentiles is as wide as the one before, so that the tail can be seen. Lines end where there are too few requests to tell.</p>
${legend(report)}
${distributions(rows, plan.measureS)}
<h2>Requests per second</h2>
<p class="soft">Closed loop: each connection asks again as soon as it has its answer. The whisker is the spread of the rounds.</p>
<div class="plots">${closedScenarios(rows).map(throughputBars).join("\n")}</div>
${cpu(rows)}
${memory(report)}
${policy(report)}
${balance(report)}
<h2>All figures</h2>
${table(rows)}
<footer>${report.skipped.map(({ name, reason }) => `Left out: ${escapeHtml(name)} (${escapeHtml(reason)}). `).join("")}
Open loop: latency counts from when a request was due, so that a stall is seen by all that were due meanwhile (coordinated omission corrected).</footer>
</main></body></html>
`;
}

function goals({ goals: verdicts }: Report): string {
  const lines = verdicts.map(({ name, verdict, value, better, now, next }) => {
    const sign = better === "higher" ? "≥" : "≤";
    const look = verdict.split(" ")[0]!;
    return `<tr><td>${escapeHtml(name)}</td><td class="left verdict ${look}">${verdict}</td><td>${value?.toFixed(2) ?? "–"}</td><td>${sign} ${now}</td><td>${sign} ${next}</td></tr>`;
  });
  return `<h2>Goals</h2><div class="scroll"><table><tr><th>figure</th><th class="left"></th><th>measured</th><th>needed</th><th>next</th></tr>${lines.join("")}</table></div>`;
}

const legend = ({ titles }: Report): string =>
  `<p class="legend">${Object.entries(titles)
    .map(
      ([path, title]) =>
        `<span><svg class="key" viewBox="0 0 34 10" aria-hidden="true"><g class="line ${classOf(path)}"><path d="M1 5H33"/></g></svg><b>${escapeHtml(path)}</b> ${escapeHtml(title)}</span>`,
    )
    .join("")}</p>`;

/** Small multiples, a row of them for each size of body, with the same scale within the row. */
function distributions(rows: readonly Row[], measureS: number): string {
  const bodies = [...new Set(rows.map((row) => row.scenario.bodyBytes))].sort((a, b) => a - b);
  return bodies
    .map((bytes) => {
      const here = rows.filter((row) => row.scenario.bodyBytes === bytes);
      const range = latencyRange(here, measureS);
      const title = describeScenario(here[0]!.scenario).split(", ").at(-1)!;
      return `<h3>${escapeHtml(title)}</h3><div class="plots">${byScenario(here)
        .map((group) => percentilePlot(group, measureS, range))
        .join("\n")}</div>`;
    })
    .join("\n");
}

function cpu(rows: readonly Row[]): string {
  const figures = closedScenarios(rows).map(cpuBars).join("\n").trim();
  if (figures === "") return "";
  return `<h2>CPU time per request</h2><p class="soft">Of every process on the way, without the app and the generator. The fewer requests there are at once, the more each pays for waking up.</p>${cpuLegend()}<div class="plots">${figures}</div>`;
}

function memory({ idle, streams }: Report): string {
  const idleLines = idle
    .filter(({ rssMiB }) => Object.keys(rssMiB).length > 0)
    .map(({ path, rssMiB }) => `<tr><td>${escapeHtml(path)}</td><td class="left">${mib(rssMiB)}</td></tr>`);
  if (idleLines.length === 0) return "";
  const streamLines = streams.map(
    ({ path, bytes, upMiBPerS, downMiBPerS, growthMiB }) =>
      `<tr><td>${escapeHtml(path)}</td><td>${bytes / 1024 ** 2} MiB</td><td>${upMiBPerS.toFixed(0)}</td><td>${downMiBPerS.toFixed(0)}</td><td class="left">${mib(growthMiB)}</td></tr>`,
  );
  return `<h2>Memory</h2><h3>Resident before any load</h3><div class="scroll"><table>${idleLines.join("")}</table></div>${
    streamLines.length === 0
      ? ""
      : `<h3>Growth while a long body streams each way</h3><div class="scroll"><table><tr><th>path</th><th>body</th><th>up MiB/s</th><th>down MiB/s</th><th class="left">grew by</th></tr>${streamLines.join("")}</table></div>`
  }`;
}

function policy({ policy: figures }: Report): string {
  if (figures === undefined) return "";
  const lines = policyLines(figures).map(([what, value]) => `<tr><td>${what}</td><td>${value}</td></tr>`);
  return `<h2>Much policy</h2><h3>${policyTitle(figures)}</h3><div class="scroll"><table>${lines.join("")}</table></div>`;
}

function balance({ balance: found }: Report): string {
  if (found.length === 0) return "";
  const head = BALANCE_COLUMNS.map((name, i) => `<th${i < 2 ? ' class="left"' : ""}>${name}</th>`).join("");
  const lines = balanceLines(found).map(
    (cells) =>
      `<tr>${cells.map((cell, i) => `<td${i < 2 ? ' class="left"' : ""}>${cell}</td>`).join("")}</tr>`,
  );
  return `<h2>Balancing</h2><h3>${balanceTitle()}</h3><div class="scroll"><table><tr>${head}</tr>${lines.join("")}</table></div>`;
}

const mib = (values: Readonly<Record<string, number>>): string =>
  Object.entries(values)
    .map(([role, value]) => `${escapeHtml(role)} ${value.toFixed(1)} MiB`)
    .join(", ");

function table(rows: readonly Row[]): string {
  const body = byScenario(rows).map((group) => {
    const head = `<tr class="group"><td colspan="8">${escapeHtml(describeScenario(group[0]!.scenario))}</td></tr>`;
    return head + group.map(tableRow).join("");
  });
  return `<div class="scroll"><table><tr><th>path</th><th>p50</th><th>p90</th><th>p99</th><th>p99.9</th><th>req/s</th><th>±</th><th>errors</th></tr>${body.join("")}</table></div>`;
}

function tableRow(row: Row): string {
  const at = (p: 50 | 90 | 99 | 99.9): string => timeText(row.percentilesUs[percentileIndex(p)]!);
  const tail = row.scenario.load.connections === 1 ? ["–", "–"] : [at(99), at(99.9)];
  const cells = [
    at(50),
    at(90),
    ...tail,
    wholeNumber(row.requestsPerS),
    row.rounds > 1 ? `${Math.round(row.spread * 100)} %` : "–",
    String(row.errors),
  ];
  return `<tr><td>${escapeHtml(row.path)}</td>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
}

const closedScenarios = (rows: readonly Row[]): Row[][] =>
  byScenario(rows).filter((group) => group[0]!.scenario.load.kind === "closed");

/** Rows of the same scenario together, fastest path first. */
function byScenario(rows: readonly Row[]): Row[][] {
  const groups = new Map<string, Row[]>();
  for (const row of rows)
    groups.set(scenarioKey(row.scenario), [...(groups.get(scenarioKey(row.scenario)) ?? []), row]);
  const p50 = (row: Row): number => row.percentilesUs[percentileIndex(50)]!;
  return [...groups.values()].map((group) => group.sort((a, b) => p50(a) - p50(b)));
}
