import type { Refuse } from "../../src/protocol/frame.ts";
import { checkHeaders } from "../http/check-headers.ts";
import type { Call } from "../stack/call.ts";
import { type Failed, failed } from "../stack/outcome.ts";

/** What a callee's refusal is to the caller, with what he shall be told besides: when to come again, and how much there is. */
export function refusalOf({ code, message, retryAfterMs, headers }: Refuse): Failed {
  return {
    ...failed(code, "no", message),
    ...(retryAfterMs === 0 ? {} : { retryAfterMs }),
    // The callee's sidecar is not believed: what is no header block goes no further.
    ...(headers === "" || checkHeaders(headers).problem !== undefined ? {} : { headers }),
  };
}

/** Names the version where it is that which has none: the others may be well. */
export function noInstanceOf({ callee, target }: Call): string {
  const which = target.kind === "version" ? ` of version ${target.version}` : "";
  return `${callee} has no instance${which}`;
}
