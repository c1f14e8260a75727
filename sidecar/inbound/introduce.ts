import { HEADER } from "../../src/protocol/header-names.ts";
import { withoutMeshFields } from "../http/mesh-fields.ts";
import type { Layer } from "../stack/call.ts";
import type { Sweep } from "../stack/sweep.ts";

/** Tells the app who calls, which attempt this is and how much time is left; keeps the app from speaking as the mesh. */
export const introduce =
  (sweep: Sweep): Layer =>
  (inner) =>
  async (call) => {
    const { head } = call;
    const left = Number.isFinite(head.timeoutMs)
      ? `${HEADER.timeout}: ${call.remainingMs(sweep.now())}ms\r\n`
      : "";
    const copy = call.mirrored ? `${HEADER.mirrored}: true\r\n` : "";
    head.headers += `${HEADER.caller}: ${head.caller}\r\n${HEADER.attempt}: ${call.attempt}\r\n${left}${copy}`;
    const outcome = await inner(call);
    if (outcome.kind !== "replied") return outcome;
    const headers = withoutMeshFields(outcome.headers);
    return headers === outcome.headers ? outcome : { ...outcome, headers };
  };
