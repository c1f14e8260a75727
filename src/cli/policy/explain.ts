import { type Account, isRequestId, MAX_REQUEST_ID } from "../../control/explain/account.ts";
import { shown } from "../../resources/words.ts";
import { Fault, UsageFault } from "../fault.ts";
import type { ExplainFlags } from "../verbs/explain.ts";
import { print, printJson } from "./print.ts";
import { readAsAdmin } from "./registry.ts";
import { storyOf } from "./story.ts";

/** Prints what the sidecars know of a call. */
export async function explain(requestId: string, flags: ExplainFlags): Promise<void> {
  if (!isRequestId(requestId))
    throw new UsageFault(
      `${shown(requestId)} is no request id: one has 1 to ${MAX_REQUEST_ID} printable characters`,
      "give the x-request-id of the answer",
    );
  const answer = await readAsAdmin<{ requestId: string; accounts: Account[] }>(
    flags,
    `/v1/explain/${encodeURIComponent(requestId)}`,
  );
  if (answer.accounts.length === 0)
    throw new Fault(
      `no sidecar remembers a request ${JSON.stringify(requestId)}`,
      "give the x-request-id of the answer; a sidecar forgets its older calls, and all of them when it ends",
    );
  if (flags.output === "json") printJson(answer);
  else print(storyOf(answer.accounts));
}
