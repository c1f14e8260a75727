import type { Body } from "../stack/body.ts";
import { Call, type Layer, type Service } from "../stack/call.ts";
import type { Outcome } from "../stack/outcome.ts";
import { RecordedBody } from "./recorded-body.ts";

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
 * recorded as it goes to the real callee, and the copy is sent when it has come in full; one that is longer than
 * `RECORD_BYTES`, or that the real callee does not take to its end, is not copied. A tunnel never is.
 * @param random from 0 to below 1
 * @param now monotonic, in ms
 * @param skipped told of each copy that was to be sent and could not be
 */
export const mirror =
  (mirrors: readonly Mirror[], random: () => number, now: () => number, skipped: () => void): Layer =>
  (inner) =>
  (call) => {
    const wanted = mirrors.filter(({ percent }) => random() * 100 < percent);
    if (wanted.length === 0) return inner(call);
    // Taken before the real call goes on: what comes below may change it.
    const original = originalOf(call);
    const send = (body: Body | undefined): void => {
      for (const one of wanted) {
        if (body === undefined) skipped();
        else void one.shadow(copyOf(original, one, body, now())).then(drop, () => {});
      }
    };
    const { head } = call;
    const { body, upgrade } = head;
    if (body.complete || upgrade !== undefined) {
      const outcome = inner(call);
      send(upgrade === undefined ? body : undefined);
      return outcome;
    }
    const recorded = new RecordedBody(body, send);
    head.body = recorded;
    const outcome = inner(call);
    const giveUp = (): void => recorded.giveUp();
    // Nobody reads on for a call that has failed; an answer may come before the end of its request.
    void outcome.then(({ kind }) => kind === "replied" || giveUp(), giveUp);
    return outcome;
  };

const drop = (answer: Outcome): void => {
  if (answer.kind === "replied") answer.body.abandon("cancelled");
};

type Original = Pick<Call, "head" | "path" | "rule" | "traceparent">;

const originalOf = ({ head, path, rule, traceparent }: Call): Original => ({
  head: { ...head },
  path,
  rule,
  traceparent,
});

function copyOf(
  { head, path, rule, traceparent }: Original,
  { callee, target }: Mirror,
  body: Body,
  now: number,
): Call {
  const copy = new Call({ ...head, callee, target, path, body }, now);
  copy.traceparent = traceparent;
  copy.rule = rule;
  copy.mirrored = true;
  return copy;
}
