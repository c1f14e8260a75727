import type { ServicePolicy } from "../../src/resources/service-policy.ts";
import { fieldValue } from "../http/header-block.ts";
import { DEFAULT_URGENCY, urgency } from "../policy/shed.ts";
import type { Call } from "../stack/call.ts";

/**
 * Which calls a service refuses before others when it is full: those that are less urgent than `shedBelow`, else less
 * than a call that says nothing.
 * @returns undefined when its policy does not rank them: then the field is the app's own, and says nothing here
 */
export function lesserOf(limits: ServicePolicy["spec"]["limits"]): ((call: Call) => boolean) | undefined {
  const priority = limits?.priority;
  if (priority === undefined) return undefined;
  const header = priority.header.toLowerCase();
  const { shedBelow = DEFAULT_URGENCY } = priority;
  return ({ head }) => urgency(fieldValue(head.headers, header)) > shedBelow;
}
