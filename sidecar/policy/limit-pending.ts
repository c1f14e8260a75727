import type { Layer } from "../stack/call.ts";
import { refused } from "../stack/outcome.ts";

/**
 * Lets so many calls wait for an answer at once, and refuses more: a queue without end only moves the failure. All
 * services that one such layer wraps share its places.
 */
export const limitPending = (most: number): Layer => {
  let pending = 0;
  return (inner) => async (call) => {
    if (pending >= most)
      return refused("overflow", `${most} calls of this sidecar wait for an answer already`);
    pending++;
    try {
      return await inner(call);
    } finally {
      // Also after a bug: a call that was not counted off would take its place for ever.
      pending--;
    }
  };
};
