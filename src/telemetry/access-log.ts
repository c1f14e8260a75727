import { type Lines, linesTo } from "./gathered-lines.ts";
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
 * Makes the access log: one line of JSON for each call. Not made at all when it is off, so that it costs nothing then; import
 * this file only when it is on, as pino takes 6 MB.
 * @param settings read anew for each call; every call by default
 */
export function createAccessLog(
  to: "stdout" | "stderr" | Pick<Lines, "write">,
  settings: Readonly<LogSettings> = LOG_SETTINGS,
): AccessLog {
  const time = isoTime();
  const lines =
    typeof to === "string"
      ? linesTo(to, (lost) => `{"log":"access","time":"${time()}","lost":${lost}}\n`)
      : { flush() {}, write: (line: string) => to.write(line) };
  return {
    wants: (failed, durationMs, traceparent) => isLogged(settings, failed, durationMs, traceparent),
    write: (entry) => lines.write(lineOf(entry, time())),
    flush: () => lines.flush(),
  };
}

/** Nearly every text is of these, which JSON has as they are. */
const PLAIN = /^[\w./:*-]*$/;
const text = (value: string): string => (PLAIN.test(value) ? `"${value}"` : JSON.stringify(value));
/** What is absent is left out. */
const field = (name: string, value: string | undefined): string =>
  value === undefined ? "" : `,"${name}":${text(value)}`;

/** Written by hand: a serializer that knows nothing of the fields took five times as long, more than the call's counting. */
function lineOf(entry: AccessEntry, time: string): string {
  const { method, path, caller, callee, route, mirrored, side, version, status, errorCode } = entry;
  const { injected, access, instance, flag, durationMs, attempts, requestId, traceparent } = entry;
  const query = path.indexOf("?");
  return (
    `{"log":"access","time":"${time}","method":${text(method)},"path":${text(query < 0 ? path : path.slice(0, query))}` +
    `,"caller":${text(caller)},"callee":${text(callee)},"route":${text(route)},"mirrored":${mirrored},"side":"${side}"` +
    `,"version":${text(version)}${status === undefined ? "" : `,"status":${status}`}${field("errorCode", errorCode)}` +
    `,"injected":"${injected}","access":${text(access)},"instance":${text(instance)},"flag":"${flag}"` +
    `,"durationMs":${Math.round(durationMs * 1000) / 1000},"attempts":${attempts}` +
    `${field("requestId", requestId)}${field("traceparent", traceparent)}}\n`
  );
}

/** The time now as ISO 8601 has it; all but its milliseconds is made once a second. */
function isoTime(): () => string {
  let [second, made] = [Number.NaN, ""];
  return () => {
    const now = Date.now();
    const ms = now % 1000;
    if (now - ms !== second) {
      second = now - ms;
      made = new Date(second).toISOString().slice(0, 20);
    }
    return `${made}${String(ms).padStart(3, "0")}Z`;
  };
}
