import type { Call, Layer } from "../stack/call.ts";
import type { Outcome } from "../stack/outcome.ts";
import type { Balancer } from "./balancer.ts";
import type { Endpoint } from "./endpoint.ts";

/** So many instances that turn out not to be there are passed over, then the broker is left to find one. */
const MOST_ABSENT = 2;

/**
 * Sends each attempt to an instance, as far as any is known that may get calls; else to the version's queue group. An
 * instance that is not on the bus (our table is older than the broker) costs no attempt: the broker says so at once,
 * and somebody else is asked. So `no-instance` from here means that there is nobody at all.
 * @param balancerFor of the service that is called, up to date; undefined leaves the call to the broker
 * @param now ms of the monotonic clock
 */
export const balance =
  (balancerFor: (callee: string) => Balancer | undefined, now: () => number): Layer =>
  (inner) =>
  async (call) => {
    const asked = call.target;
    const balancer = asked.kind === "instance" ? undefined : balancerFor(call.callee);
    if (balancer === undefined) return inner(call);
    const version = asked.kind === "version" ? asked.version : undefined;
    const picker = balancer.picker(version);
    for (let absent = 0; absent < MOST_ABSENT; absent++) {
      const startedAt = now();
      const endpoint = picker.pick(call, startedAt);
      if (endpoint === undefined) break;
      const isProbe = endpoint.began(startedAt);
      call.target = endpoint.target;
      call.version = endpoint.version;
      let outcome: Outcome | undefined;
      try {
        outcome = await inner(call);
      } finally {
        // Also after a bug: a call that was not counted off would weigh on the endpoint for ever.
        call.target = asked;
        const endedAt = now();
        endpoint.ended(outcome, endedAt - startedAt, endedAt, isProbe);
      }
      // It was addressed to it, and may have come there, even if nobody has said so.
      if (call.instance === "" && mayHaveArrived(outcome)) call.instance = endpoint.instance;
      if (isFailure(outcome)) noteFailed(call, endpoint);
      if (!isAbsent(outcome) || call.cancelled !== undefined || call.spent) return outcome;
    }
    call.version = version ?? "";
    const startedAt = now();
    const outcome = await inner(call);
    const endpoint = balancer.endpoint(call.instance);
    if (endpoint !== undefined) learn(endpoint, call, outcome, startedAt, now());
    return outcome;
  };

/** The broker chose: what came of it is worth as much. */
function learn(endpoint: Endpoint, call: Call, outcome: Outcome, startedAt: number, endedAt: number): void {
  call.version = endpoint.version;
  endpoint.ended(outcome, endedAt - startedAt, endedAt, endpoint.began(startedAt));
  if (isFailure(outcome)) noteFailed(call, endpoint);
}

function noteFailed(call: Call, { instance, state }: Endpoint): void {
  call.tried ??= [];
  call.tried.push(instance);
  if (state === "ejected") call.note("ejected", undefined, instance);
}

const isAbsent = (outcome: Outcome): boolean => outcome.kind === "failed" && outcome.code === "no-instance";

const mayHaveArrived = (outcome: Outcome): boolean =>
  outcome.kind === "failed" && outcome.delivered === "unknown";

/** Another attempt, if there is one, is better made elsewhere. */
const isFailure = (outcome: Outcome): boolean =>
  outcome.kind !== "replied" || outcome.status >= 500 || outcome.status === 429;
