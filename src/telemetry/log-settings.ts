/** From what says everything to what says nothing. */
export const LEVELS = ["info", "warn", "error", "silent"] as const;
export type Level = (typeof LEVELS)[number];

/** What a sidecar logs. It is read anew for each line, so that it can be changed while the sidecar runs. */
export interface LogSettings {
  /** Lines of the sidecar itself below it are left out. */
  level: Level;
  /** Share of calls that the access log has, 0 to 1. Those that failed or were slow are always in it. */
  accessSample: number;
  /** From how many ms on a call is slow. */
  accessSlowMs: number;
}

export const LOG_SETTINGS: Readonly<LogSettings> = { level: "info", accessSample: 1, accessSlowMs: 1000 };

export const isLoud = (settings: Readonly<LogSettings>, level: Level): boolean =>
  LEVELS.indexOf(level) >= LEVELS.indexOf(settings.level);

const FIELDS = ["level", "access-sample", "access-slow-ms"];

/**
 * Takes over what a query asks for, such as `level=warn&access-sample=0.1`: all of it or nothing.
 * @returns what is wrong with it, and what would be right; undefined when it was taken
 */
export function changeLog(settings: LogSettings, query: URLSearchParams): string | undefined {
  const unknown = [...query.keys()].find((name) => !FIELDS.includes(name));
  if (unknown !== undefined || query.size === 0) return `say ${FIELDS.join(", ")} as in /log?level=warn`;
  const level = query.get("level") ?? settings.level;
  const known = LEVELS.find((one) => one === level);
  if (known === undefined) return `level is one of ${LEVELS.join(", ")}`;
  const sample = numberOf(query.get("access-sample") ?? settings.accessSample);
  if (!(sample >= 0 && sample <= 1)) return "access-sample is a share of calls from 0 to 1, such as 0.01";
  const slowMs = numberOf(query.get("access-slow-ms") ?? settings.accessSlowMs);
  if (!(slowMs >= 0)) return "access-slow-ms is a number of ms from 0 on, such as 1000";
  Object.assign(settings, { level: known, accessSample: sample, accessSlowMs: slowMs });
  return undefined;
}

/** An empty text is no number, whatever `Number` says. */
const numberOf = (value: string | number): number => (value === "" ? Number.NaN : Number(value));

/** W3C Trace Context level 2, §3.2.2.3: the last seven bytes of a trace id are random. These are four of them. */
const RANDOM_AT = 27;
const RANDOM_END = 35;

/**
 * Whether the access log is to have a call. It is the trace that is chosen, so that all sidecars with the same share
 * have the same calls, and what they led to.
 */
export function isLogged(
  { accessSample, accessSlowMs }: Readonly<LogSettings>,
  failed: boolean,
  durationMs: number,
  traceparent: string | undefined,
): boolean {
  if (failed || accessSample >= 1 || durationMs >= accessSlowMs) return true;
  if (accessSample <= 0 || traceparent === undefined) return false;
  return Number.parseInt(traceparent.slice(RANDOM_AT, RANDOM_END), 16) < accessSample * 2 ** 32;
}
