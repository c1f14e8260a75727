/** How requests are made: each connection at once after the last answer, or at a fixed rate whatever the answers do. */
export type Load =
  | { readonly kind: "closed"; readonly connections: number }
  | { readonly kind: "open"; readonly connections: number; readonly ratePerS: number };

export interface Scenario {
  readonly load: Load;
  /** Bytes of the request's body and of the answer's. */
  readonly bodyBytes: number;
}

/** The percentiles that are kept of each measurement, for the table and the plots. */
export const PERCENTILES = [1, 5, 10, 25, 50, 75, 90, 95, 97.5, 99, 99.5, 99.9, 99.95, 99.99] as const;

export const percentileIndex = (percentile: (typeof PERCENTILES)[number]): number =>
  PERCENTILES.indexOf(percentile);

export function describeScenario({ load, bodyBytes }: Scenario): string {
  const how =
    load.kind === "closed"
      ? `${load.connections} connection${load.connections === 1 ? "" : "s"}, closed loop`
      : `${load.ratePerS} requests/s, open loop`;
  const body =
    bodyBytes === 0
      ? "no body"
      : `${bodyBytes >= 1024 ? `${bodyBytes / 1024} KiB` : `${bodyBytes} B`} each way`;
  return `${how}, ${body}`;
}

/** The same for the same scenario; used as a key. */
export const scenarioKey = ({ load, bodyBytes }: Scenario): string =>
  load.kind === "closed" ? `closed-${load.connections}-${bodyBytes}` : `open-${load.ratePerS}-${bodyBytes}`;

/** The request of a scenario: path, and method by whether there is a body. */
export const requestOf = ({ bodyBytes }: Scenario): { method: "GET" | "POST"; path: string } => ({
  method: bodyBytes === 0 ? "GET" : "POST",
  path: `/${bodyBytes}`,
});
