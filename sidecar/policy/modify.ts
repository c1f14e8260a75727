import type { Call, Layer } from "../stack/call.ts";
import { trailersWithout } from "../stack/clean-trailers.ts";

/** Changes the request as the next hop shall read it. */
export type RequestChange = (call: Call) => void;
/** Makes the header lines of an answer anew. */
export type ResponseChange = (headers: string) => string;

/** Applies the changes of a rule or a backend to the request, in their order. */
export const modifyRequest =
  (changes: readonly RequestChange[]): Layer =>
  (inner) =>
  (call) => {
    for (const change of changes) change(call);
    return inner(call);
  };

/**
 * Applies the changes to the app's answer; what the mesh answers itself stays as it is.
 * @param owned fields that the changes set or remove: they do not come as trailers either
 */
export function modifyResponse(changes: readonly ResponseChange[], owned: readonly string[] = []): Layer {
  const clean = trailersWithout(owned);
  return (inner) => async (call) => {
    const outcome = await inner(call);
    if (outcome.kind !== "replied") return outcome;
    const headers = changes.reduce((block, change) => change(block), outcome.headers);
    return { ...outcome, headers, body: clean(outcome.body) };
  };
}
