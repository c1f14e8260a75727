/** The span of a rate; Grafana puts in four scrapes, at least (Grafana docs, `$__rate_interval`). */
const SPAN = "$__rate_interval";

/** How much a counter grows in a second, summed up. @param by labels, with commas @param ago how long before now */
export const rate = (counter: string, by = "", span = SPAN, ago = ""): string =>
  `sum${by === "" ? "" : ` by (${by}) `}(rate(${counter}[${span}]${ago === "" ? "" : ` offset ${ago}`}))`;

/** The share of calls that did not fail, 0 to 1; nothing where there are no calls. @param where label matchers */
export const success = (where: string, by = "", span = SPAN): string => {
  const of = (what: string) => rate(`weft_client_${what}_total{${where}}`, by, span);
  return `1 - ${of("failed")} / (${of("requests")} > 0)`;
};

/** The duration in seconds that a share `q` of the calls did not exceed. */
export const quantile = (q: number, where: string, by = "", span = SPAN, ago = ""): string =>
  `histogram_quantile(${q}, ${rate(
    `http_client_request_duration_seconds_bucket{${where}}`,
    by === "" ? "le" : `le, ${by}`,
    span,
    ago,
  )})`;

/** Seconds until a credential ends, the nearest first to end. @param where label matchers */
export const secondsLeft = (by: string, where = ""): string =>
  `min by (${by}) (weft_credential_expiry_timestamp_seconds${where && `{${where}}`}) - time()`;
