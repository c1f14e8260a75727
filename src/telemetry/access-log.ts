import { type DestinationStream, pino } from "pino";
import { isLogged, LOG_SETTINGS, type LogSettings } from "./log-settings.ts";

/** One call in the access log. */
export interface AccessEntry {
  readonly side: "client" | "server";
  readonly caller: string;
  readonly callee: string;
  readonly version: string;
  /** The rule of a route that took it; empty when none did. */
  readonly route: string;
  /** A copy of a call (RequestMirror). */
  readonly mirrored: boolean;
  /** Faults that policy put in: `delay`, `abort`, `delay,abort`; empty for none. */
  readonly injected: string;
  /** What authorization had against it, with the rule: `denied by …`, `shadow: denied by …`, `refused by the broker: …`; else empty. */
  readonly access: string;
  /** The instance that answered; empty when none did. */
  readonly instance: string;
  readonly method: string;
  /** Path and query; only the path is written, because a query may hold secrets. */
  readonly path: string;
  readonly status: number | undefined;
  readonly errorCode: string | undefined;
  /** Envoy's response flags, with commas between them; `-` for none. */
  readonly flag: string;
  readonly durationMs: number;
  readonly attempts: number;
  readonly requestId: string | undefined;
  readonly traceparent: string | undefined;
}

export interface AccessLog {
  /** Whether a call is to be written: those that failed or were slow always, of the others a share. */
  wants(failed: boolean, durationMs: number, traceparent: string | undefined): boolean;
  write(entry: AccessEntry): void;
  /** Writes out what is still held back. */
  flush(): void;
}

/**
 * Makes the access log (import this file only when it is on, for pino takes 6 MB): one JSON line for each call. Not made at all when it is off, so that it costs nothing then.
 * Lines are written together, within a second: one system call for each would cost more than the line.
 * @param to a stream of this process, or one of pino's
 * @param settings read anew for each call; every call by default
 */
export function createAccessLog(
  to: "stdout" | "stderr" | DestinationStream,
  settings: Readonly<LogSettings> = LOG_SETTINGS,
): AccessLog {
  const stream =
    typeof to === "string"
      ? pino.destination({
          dest: to === "stdout" ? 1 : 2,
          sync: false,
          // Must be below pino's largest write, which is 16 KiB: it throws otherwise.
          minLength: 8192,
          periodicFlush: 1000,
        })
      : to;
  const log = pino(
    {
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: () => ({ log: "access" }) },
    },
    stream,
  );
  return {
    wants: (failed, durationMs, traceparent) => isLogged(settings, failed, durationMs, traceparent),
    write: (entry) =>
      log.info({
        ...entry,
        path: entry.path.split("?", 1)[0],
        durationMs: Math.round(entry.durationMs * 1000) / 1000,
      }),
    flush: () => log.flush(),
  };
}
