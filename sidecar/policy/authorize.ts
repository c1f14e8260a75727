import type { Access } from "../../src/access/access.ts";
import type { Asking } from "../../src/access/asking.ts";
import type { Call, Gate } from "../stack/call.ts";
import { trailersWithout } from "../stack/clean-trailers.ts";
import { refused } from "../stack/outcome.ts";

export type AccessMode = "enforce" | "shadow";

export interface AuthorizeOptions {
  readonly access: Access;
  /** The service that is called. */
  readonly service: string;
  /** What rules look at; asked about one call at a time, and only until the gate has decided. */
  readonly askingOf: (call: Call) => Asking;
  /** Told of each call that is denied, or would be, and by which rule. */
  readonly denied: (call: Call, rule: string, mode: AccessMode) => void;
}

/**
 * Refuses what the caller may not ask: who calls is the last token of the subject that the call came on, which the
 * broker vouches for (design section 2). The caller is not told the rule: it would learn what to write instead.
 * Fields that rules look at do not come in as trailers, which nobody can look at before the call goes on.
 */
export function authorize({ access, service, askingOf, denied }: AuthorizeOptions): Gate {
  const clean = trailersWithout(access.fields);
  return (call) => {
    const { head } = call;
    const { caller } = head;
    const decision = access.decide(caller, askingOf(call));
    if (decision.verdict === "allow") {
      head.body = clean(head.body);
      if (decision.shadow !== undefined) {
        call.access = `shadow: denied by ${decision.shadow.rule}`;
        denied(call, decision.shadow.rule, "shadow");
      }
      return undefined;
    }
    call.access = `denied by ${decision.rule}`;
    denied(call, decision.rule, "enforce");
    return refused("denied", `${service} does not allow this call of ${caller}`);
  };
}
