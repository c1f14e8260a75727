import { type DestinationStream, type Logger, pino } from "pino";

export type { Logger } from "pino";

export interface LogOptions {
  /** `fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`; `info` by default. */
  readonly level?: string;
  /** Which program and service the lines are from. */
  readonly fields?: Readonly<Record<string, string>>;
  /** stderr by default. */
  readonly destination?: DestinationStream;
}

/** Names under which a secret could be logged by mistake; neither they nor their like one level down are shown. */
const SECRET_NAMES = [
  "authorization",
  "cookie",
  "cred",
  "creds",
  "jwt",
  "key",
  "nkey",
  "password",
  "privateKey",
  "secret",
  "seed",
  "token",
];

/** The log of the sidecar itself: one JSON object a line, on stderr, written at once. */
export function createLog({ level = "info", fields = {}, destination }: LogOptions = {}): Logger {
  return pino(
    {
      level,
      base: fields,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
        censor: "[redacted]",
      },
    },
    destination ?? pino.destination({ dest: 2, sync: true }),
  );
}
