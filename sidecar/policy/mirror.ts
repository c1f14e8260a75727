import { Call, type Layer, type Service } from "../stack/call.ts";
import type { Outcome } from "../stack/outcome.ts";

export interface Mirror {
  /** Share of the calls that are copied, 0 to 100. */
  readonly percent: number;
  readonly callee: string;
  readonly target: Call["target"];
  /** Sends a copy; with metrics and a limit of its own, and a bug in it is reported there. */
  readonly shadow: Service;
}

/**
 * Sends copies of calls to another backend (Gateway API RequestMirror). The real call is never held up: its own
 * message leaves first, and nobody waits for the copy's answer, which is dropped. A body that is still coming in is
 * not copied, because the copy would have to slow it down or be held in memory.
 * @param random from 0 to below 1
 * @param now monotonic, in ms
 * @param skipped told of each call that was to be copied and could not be
 */
export const mirror =
  (mirrors: readonly Mirror[], random: () => number, now: () => number, skipped: () => void): Layer =>
  (inner) =>
  (call) => {
    // Copied before the real call goes on: what comes below may change it.
    const copies = mirrors
      .filter(({ percent }) => random() * 100 < percent)
      .map((one) => [one.shadow, copyOf(call, one, now())] as const);
    const outcome = inner(call);
    for (const [shadow, copy] of copies) {
      if (copy === undefined) skipped();
      else void shadow(copy).then(drop, () => {});
    }
    return outcome;
  };

const drop = (answer: Outcome): void => {
  if (answer.kind === "replied") answer.body.abandon("cancelled");
};

function copyOf(call: Call, { callee, target }: Mirror, now: number): Call | undefined {
  const { head } = call;
  if (!head.body.complete || head.upgrade !== undefined) return undefined;
  const copy = new Call({ ...head, callee, target, path: call.path }, now);
  copy.traceparent = call.traceparent;
  copy.rule = call.rule;
  copy.mirrored = true;
  return copy;
}
