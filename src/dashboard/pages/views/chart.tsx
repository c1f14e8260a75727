import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { useThemeChanges } from "../parts/theme.tsx";

export interface Line {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** Number of a colour of the style sheet: `--c1` and so on. */
  readonly colour: string;
  /** Dashes tell lines apart without colours. */
  readonly dash?: readonly number[];
}

interface ChartProps {
  readonly title: string;
  /** Beginnings of the steps, in seconds of Unix time. */
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly text: (value: number | null) => string;
}

const HEIGHT = 170;
/** Charts of one page show the same moment under the pointer. */
const SYNC = { key: "weft" };

/** Lines over time; the numbers under the pointer stand in the legend. */
export function Chart({ title, times, lines, text }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const theme = useThemeChanges();
  const data = [times, ...lines.map(({ values }) => values)] as uPlot.AlignedData;
  const looks = JSON.stringify(lines.map(({ label, colour, values }) => [label, colour, isSparse(values)]));

  // Made anew for other lines and colours alone; data is set below.
  useEffect(() => {
    const element = place.current!;
    const made = new uPlot(optionsOf(lines, text, element), data, element);
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      made.destroy();
    };
  }, [looks, theme]);
  useEffect(() => {
    const { current } = plot;
    current?.setData(data);
    // Without a pointer the legend tells the latest.
    if (current?.cursor.idx == null) current?.setLegend({ idx: times.length - 1 });
  });

  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <div ref={place} role="img" aria-label={summary(title, lines, text)} />
    </figure>
  );
}

function summary(title: string, lines: readonly Line[], text: (value: number | null) => string): string {
  const parts = lines.map(({ label, values }) => {
    const known = values.filter((value) => value !== null);
    if (known.length === 0) return `${label}: no calls`;
    return `${label}: last ${text(known.at(-1)!)}, highest ${text(Math.max(...known))}`;
  });
  return `${title}. ${parts.join("; ")}`;
}

/** A line needs two neighbours: what has few gets dots. */
const isSparse = (values: Line["values"]): boolean =>
  values.filter((value) => value !== null).length < values.length / 3;

/** What a colour of the style sheet is now; a canvas knows no variables, and none of light and dark. */
function colourOf(element: HTMLElement, name: string): string {
  element.style.color = `var(${name})`;
  const { color } = getComputedStyle(element);
  element.style.color = "";
  return color;
}

function optionsOf(lines: readonly Line[], text: ChartProps["text"], element: HTMLElement): uPlot.Options {
  const colour = (name: string) => colourOf(element, name);
  const axis = {
    stroke: colour("--soft"),
    font: "11px system-ui, sans-serif",
    grid: { stroke: colour("--grid"), width: 1 },
    ticks: { stroke: colour("--grid"), width: 1 },
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    cursor: { sync: SYNC, y: false, drag: { x: false, y: false } },
    scales: { y: { range: (_, __, max) => [0, Math.max(max * 1.1, 1)] } },
    axes: [
      // Whole minutes: less would write the same minute twice.
      {
        ...{ ...axis, space: 48, incrs: [1, 2, 5, 10, 15, 30, 60].map((minutes) => minutes * 60) },
        values: [[1, "{HH}:{mm}", null, null, null, null, null, null, 1]],
      },
      { ...axis, size: 58, values: (_, ticks) => ticks.map((tick) => text(tick)) },
    ],
    series: [
      { label: "at", value: "{HH}:{mm}:{ss}" },
      ...lines.map(
        ({ label, values, colour: name, dash }): uPlot.Series => ({
          label,
          stroke: colour(name),
          width: 2,
          ...(dash === undefined ? {} : { dash: [...dash] }),
          points: { show: isSparse(values), size: 5 },
          value: (_, value) => text(value),
        }),
      ),
    ],
  };
}
