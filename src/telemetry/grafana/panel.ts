/** One number over time, or now. */
export interface Panel {
  readonly title: string;
  /** What a person should make of it. */
  readonly about?: string;
  /** `lines` over time, one `number` now, or a `table` of what there is now. */
  readonly as: "lines" | "number" | "table";
  /** A unit of Grafana. */
  readonly unit: "reqps" | "percentunit" | "s" | "short" | "cps" | "Bps";
  /** PromQL, by what the legend says of it (`{{label}}` puts a label in). */
  readonly queries: Readonly<Record<string, string>>;
  /** Of 24 columns; 8 by default. */
  readonly width?: number;
}

export interface Dashboard {
  /** Of the URL in Grafana, and of the file. */
  readonly uid: string;
  readonly title: string;
  readonly about: string;
  /** A choice at the top: the values of a label of a metric. */
  readonly choices?: Readonly<Record<string, { readonly metric: string; readonly label: string }>>;
  readonly panels: readonly Panel[];
}

const COLUMNS = 24;
const HEIGHTS = { number: 4, lines: 8, table: 9 } as const;
const TYPES = { number: "stat", lines: "timeseries", table: "table" } as const;
const SOURCE = { type: "prometheus", uid: "$datasource" };

/** A dashboard as Grafana imports it (schema version 39: Grafana 11, and later ones bring it up to date). */
export function grafanaJson({ uid, title, about, choices = {}, panels }: Dashboard): object {
  return {
    ...{ uid, title, description: about, tags: ["weft"], schemaVersion: 39, editable: true },
    ...{ refresh: "10s", time: { from: "now-30m", to: "now" }, timezone: "browser" },
    templating: {
      list: [
        { name: "datasource", label: "Source", type: "datasource", query: "prometheus" },
        ...Object.entries(choices).map(([name, { metric, label }]) => ({
          ...{ name, label: name, type: "query", datasource: SOURCE, refresh: 2, sort: 1 },
          query: { query: `label_values(${metric}, ${label})`, refId: name },
        })),
      ],
    },
    panels: placed(panels),
  };
}

/** From left to right, and on in the next row when there is no more room. */
function placed(panels: readonly Panel[]): object[] {
  let [x, y, rowHeight] = [0, 0, 0];
  return panels.map((panel, i) => {
    const { width: w = 8 } = panel;
    const h = HEIGHTS[panel.as];
    if (x + w > COLUMNS) [x, y, rowHeight] = [0, y + rowHeight, 0];
    const place = { x, y, w, h };
    x += w;
    rowHeight = Math.max(rowHeight, h);
    return { id: i + 1, gridPos: place, ...panelJson(panel) };
  });
}

function panelJson({ title, about, as, unit, queries }: Panel): object {
  const instant = as !== "lines";
  return {
    ...{ type: TYPES[as], title, datasource: SOURCE },
    ...(about === undefined ? {} : { description: about }),
    fieldConfig: { defaults: { unit, ...(unit === "percentunit" ? { max: 1 } : { min: 0 }) }, overrides: [] },
    targets: Object.entries(queries).map(([legendFormat, expr], i) => ({
      ...{ refId: String.fromCharCode(65 + i), datasource: SOURCE, expr, legendFormat },
      ...(instant ? { instant: true, range: false, format: as === "table" ? "table" : "time_series" } : {}),
    })),
  };
}
