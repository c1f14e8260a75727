import { meaningOf } from "../../src/protocol/code.ts";
import { HEADER } from "../../src/protocol/header-names.ts";
import { isLogged, LOG_SETTINGS, type LogSettings } from "../../src/telemetry/log-settings.ts";
import { wholeLines } from "../../src/telemetry/whole-lines.ts";
import { fieldValue } from "../http/header-block.ts";
import { withoutQuery } from "../stack/without-query.ts";
import { rounded } from "./accounts.ts";
import { MadeOfAlike } from "./alike.ts";
import { AsciiBytes, jsonText } from "./json-text.ts";
import type { RecentCall } from "./recent-calls.ts";
import { unixZero } from "./unix-zero.ts";

export interface AccessLog {
  /** Whether a call is to be written: those that failed or were slow always, of the others a share. */
  wants(call: RecentCall): boolean;
  write(call: RecentCall): void;
  /** Writes out what is still held back. */
  flush(): void;
}

/** Written together: a system call for each would cost more than the line, and so would code that is cold each time. */
const TOGETHER = 256;
const WAIT_MS = 1000;
/** Of a line. */
const USUAL_BYTES = 512;

/**
 * Makes the access log: one line of JSON for each call. Not made at all when it is off, so that it costs nothing then; import
 * this file only when it is on, as pino takes 6 MB.
 * @param settings read anew for each call; every call by default
 */
export function createAccessLog(
  to: "stdout" | "stderr" | ((lines: Buffer) => void),
  settings: Readonly<LogSettings> = LOG_SETTINGS,
): AccessLog {
  const time = isoTime();
  const write =
    typeof to === "string"
      ? wholeLines(to, (lost) => `{"log":"access","time":"${time(Date.now())}","lost":${lost}}\n`)
      : to;
  const common = new MadeOfAlike(commonOf);
  let calls: RecentCall[] = [];
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (calls.length === 0) return;
    const zero = unixZero();
    const lines = new AsciiBytes(calls.length * USUAL_BYTES);
    for (const call of calls)
      lines.add(
        `{"log":"access","time":"${time(zero + call.startedAt + call.ms)}"${common.of(call)}${ownOf(call)}}\n`,
      );
    const count = calls.length;
    calls = [];
    write(lines.bytes, count);
  };
  return {
    wants: ({ code, status, ms, traceparent }) =>
      isLogged(settings, code !== "" || status >= 500, ms, traceparent),
    write(call) {
      calls.push(call);
      if (calls.length >= TOGETHER) flush();
      else timer ??= setTimeout(flush, WAIT_MS).unref();
    },
    flush,
  };
}

/** Of a call what it has in common with others. */
function commonOf(call: RecentCall): string {
  const { side, caller, callee, version, rule, mirrored, injected, access, instance, method } = call;
  return (
    `,"side":"${side}","caller":${jsonText(caller)},"callee":${jsonText(callee)},"version":${jsonText(version)}` +
    `,"route":${jsonText(rule?.name ?? "")},"mirrored":${mirrored},"injected":"${injected}","access":${jsonText(access)}` +
    `,"instance":${jsonText(instance)},"status":${call.status}${call.code === "" ? "" : `,"errorCode":"${call.code}"`}` +
    `,"flag":"${flagsOf(call)}","attempts":${call.attempt},"method":${jsonText(method)}`
  );
}

function ownOf({ path, ms, headers, traceparent }: RecentCall): string {
  const requestId = fieldValue(headers, HEADER.requestId);
  return (
    `,"path":${jsonText(withoutQuery(path))},"durationMs":${rounded(ms)}` +
    `${requestId === undefined ? "" : `,"requestId":${jsonText(requestId)}`}` +
    `${traceparent === undefined ? "" : `,"traceparent":"${traceparent}"`}`
  );
}

/** Envoy's response flags, with commas between them; `-` for none. `DI` is a delay that was put in, besides what ended the call. */
function flagsOf({ code, injected }: RecentCall): string {
  const delayed = injected.startsWith("delay") ? ["DI"] : [];
  const ended = code === "" ? [] : [meaningOf(code).flag];
  return [...delayed, ...ended].join(",") || "-";
}

/** Unix time in ms as ISO 8601 has it; all but its milliseconds is made once a second. */
function isoTime(): (unixMs: number) => string {
  let [second, made] = [Number.NaN, ""];
  return (unixMs) => {
    const now = Math.floor(unixMs);
    const ms = now % 1000;
    if (now - ms !== second) {
      second = now - ms;
      made = new Date(second).toISOString().slice(0, 20);
    }
    return `${made}${String(ms).padStart(3, "0")}Z`;
  };
}
