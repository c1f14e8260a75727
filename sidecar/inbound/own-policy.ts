import { parseDuration } from "../../src/protocol/duration.ts";
import type { ServicePolicy } from "../../src/resources/service-policy.ts";
import { fieldValue } from "../http/header-block.ts";
import type { Rate } from "../policy/gcra.ts";
import type { ConcurrencySettings } from "../policy/limit-concurrency.ts";
import { urgency } from "../policy/shed.ts";

type Spec = ServicePolicy["spec"];

/** RFC 9218 §4.1: the least urgent; so none is shed before others. */
const LEAST_URGENT = 7;

/** What the policy of a service says of the calls that each instance works on at once; undefined for no limit. */
export function concurrencyOf(limits: Spec["limits"]): ConcurrencySettings | undefined {
  const limit = limits?.adaptive ?? limits?.maxConcurrency;
  if (limits === undefined || limit === undefined) return undefined;
  const { queue, priority } = limits;
  const header = priority?.header.toLowerCase();
  return {
    limit,
    queueCalls: queue?.calls,
    queueWaitMs: parseDuration(queue?.wait ?? QUEUE_WAIT)!,
    priority:
      header === undefined
        ? undefined
        : {
            urgencyOf: ({ head }) => urgency(fieldValue(head.headers, header)),
            shedBelow: priority?.shedBelow ?? LEAST_URGENT,
          },
  };
}

/** The default of the schema, where nothing is written of the queue. */
const QUEUE_WAIT = "100ms";

type WrittenRate = NonNullable<NonNullable<Spec["rateLimit"]>["global"]>;

/** A rate in ms; a burst that is not written is as large as the rate. */
export const rateOf = ({ requests, interval, burst }: WrittenRate): Rate => ({
  requests,
  intervalMs: parseDuration(interval)!,
  burst: burst ?? requests,
});
