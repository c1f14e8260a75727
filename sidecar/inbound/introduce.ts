import { HEADER } from "../../src/protocol/header-names.ts";
import type { Layer } from "../stack/call.ts";
import type { Sweep } from "../stack/sweep.ts";

/** Tells the app who calls, which attempt this is and how much time is left. */
export const introduce =
  (sweep: Sweep): Layer =>
  (inner) =>
  (call) => {
    const { head } = call;
    const left = Number.isFinite(head.timeoutMs)
      ? `${HEADER.timeout}: ${call.remainingMs(sweep.now())}ms\r\n`
      : "";
    const copy = call.mirrored ? `${HEADER.mirrored}: true\r\n` : "";
    head.headers += `${HEADER.caller}: ${head.caller}\r\n${HEADER.attempt}: ${call.attempt}\r\n${left}${copy}`;
    return inner(call);
  };
