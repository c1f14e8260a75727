import type { z } from "zod";
import type { traceAnswer, tracesAnswer } from "../../control/traces/http/schemas.ts";
import type { TraceRow } from "../../control/traces/tree.ts";
import { time } from "../signals/rows.ts";

/** As the registry's HTTP API has them; /openapi.json describes every field. */
export type Traces = z.infer<typeof tracesAnswer>["traces"];
/** Without the admin token there is no path. */
export type Span = Omit<TraceRow, "path"> & { readonly path?: string };
export type Trace = Omit<z.infer<typeof traceAnswer>, "spans"> & { readonly spans: readonly Span[] };

const HEAD = ["TRACE", "AT", "WHY", "CALL", "RESULT", "TOOK", "ATTEMPTS", "SERVICES"];

/** A line for each trace: the call that failed, or else its longest. */
export const traceRows = (traces: Traces): string[][] => [
  HEAD,
  ...traces.map(({ traceId, at, why, services, longest, failed = longest }) => [
    ...[traceId, new Date(at).toISOString().slice(11, 23), why.join(", ")],
    `${failed.method} ${failed.caller} to ${failed.callee}`,
    ...[resultOf(failed), time(longest.ms), String(failed.attempts), services.join(", ")],
  ]),
];

export const resultOf = ({ status, code }: { readonly status: number; readonly code: string }): string =>
  [status === 0 ? "" : String(status), code].filter(Boolean).join(" ") || "no answer yet";
