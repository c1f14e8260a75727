import type { Refuse } from "../../src/protocol/frame.ts";
import { checkHeaders } from "../http/check-headers.ts";
import { fieldValue } from "../http/header-block.ts";
import type { RateName } from "../policy/limit-rate.ts";
import type { Call } from "../stack/call.ts";
import { type Failed, failed } from "../stack/outcome.ts";

/** What a callee's refusal is to the caller, with what he shall be told besides: when to come again, and how much there is. */
export function refusalOf({ code, message, retryAfterMs, headers }: Refuse): Failed {
  // The callee's sidecar is not believed: what is no header block goes no further.
  const isBlock = headers !== "" && checkHeaders(headers).problem === undefined;
  return {
    ...failed(code, "no", message),
    ...(retryAfterMs === 0 ? {} : { retryAfterMs }),
    ...(isBlock ? { headers } : {}),
    ...(isBlock && code === "rate-limited" && isOfOne(headers) ? { isLocal: true } : {}),
  };
}

const LOCAL: RateName = "local";
/** The name of a limit is an sf-string, the first thing in `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10 §4). */
const isOfOne = (headers: string): boolean =>
  fieldValue(headers, "ratelimit")?.startsWith(`"${LOCAL}";`) === true;

/** Names the version where it is that which has none: the others may be well. */
export function noInstanceOf({ callee, target }: Call): string {
  const which = target.kind === "version" ? ` of version ${target.version}` : "";
  return `${callee} has no instance${which}`;
}
