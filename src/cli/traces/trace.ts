import { isTraceId } from "../../control/explain/account.ts";
import { shown } from "../../resources/words.ts";
import { Fault, UsageFault } from "../fault.ts";
import { print, printJson } from "../policy/print.ts";
import { readAsAdmin } from "../policy/registry.ts";
import type { TraceFlags } from "../verbs/trace.ts";
import type { Trace } from "./rows.ts";
import { waterfall } from "./waterfall.ts";

/** Prints one trace as a waterfall. */
export async function trace(traceId: string, flags: TraceFlags): Promise<void> {
  if (!isTraceId(traceId))
    throw new UsageFault(
      `${shown(traceId)} is no trace id: one has 32 hexadecimal digits in lower case`,
      "weft traces lists those that are kept; it is also the second part of a traceparent",
    );
  const answer = await readAsAdmin<Trace>(flags, `/v1/traces/${traceId}`);
  if (answer.spans.length === 0)
    throw new Fault(
      `no sidecar remembers the trace ${traceId}`,
      "weft traces lists those that are kept; a sidecar forgets its older ones, and all of them when it ends",
    );
  if (flags.output === "json") printJson(answer);
  else print(waterfall(answer));
}
