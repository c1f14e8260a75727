import type { Call } from "../stack/call.ts";

/** A call with what the balancer needs to know and tells of it. */
export type BalancedCall = Call & {
  /** The version that is asked, as far as it is known; empty when it is not. */
  version: string;
  /** Instances that failed this call already; made only when there are any. */
  tried: string[] | undefined;
};
