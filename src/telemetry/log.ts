import { type DestinationStream, type Logger, pino } from "pino";
import { REDACTED, SECRET_NAMES } from "./secret-names.ts";

export type { Logger } from "pino";

export interface LogOptions {
  /** `fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`; `info` by default. */
  readonly level?: string;
  /** Which program and service the lines are from. */
  readonly fields?: Readonly<Record<string, string>>;
  /** stderr by default. */
  readonly destination?: DestinationStream;
}

/**
 * The log of the sidecar itself: one JSON object a line, on stderr, written at once. Values that bear the name of a
 * secret are not shown, down to two levels of objects.
 */
export function createLog({ level = "info", fields = {}, destination }: LogOptions = {}): Logger {
  return pino(
    {
      level,
      base: fields,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
        censor: REDACTED,
      },
    },
    destination ?? pino.destination({ dest: 2, sync: true }),
  );
}
