import type { TraceSpan } from "../data/trace-answers.ts";
import { countOf } from "./format.ts";

/** What policy did with a call, or what is odd about it, in a word and in a sentence. */
export interface PolicyEvent {
  readonly tone: "idle" | "fair" | "bad";
  readonly word: string;
  readonly sentence: string;
}

const of = (tone: PolicyEvent["tone"], word: string, sentence: string): PolicyEvent => ({
  tone,
  word,
  sentence,
});

/** By the words of the sidecars (`sidecar/stack/marks.ts`). */
const MARKS: Readonly<Record<string, PolicyEvent>> = {
  parked: of("fair", "parked", "it was held while no instance was there"),
  queued: of("fair", "queued", "it waited for a place at the app"),
  shed: of("bad", "shed", "it was refused in favour of a more urgent call"),
  hedged: of("idle", "hedged", "another attempt was begun beside a slow one"),
  "hedge-won": of("idle", "hedge won", "the answer of the attempt beside it was taken"),
  "over-budget": of(
    "bad",
    "retry budget spent",
    "a further attempt was wanted, and the budget had none left",
  ),
  ejected: of("fair", "instance ejected", "it failed at an instance that is left out since"),
  "broker-away": of("fair", "broker away", "it was held while the broker was away"),
  paused: of("fair", "broker restarted", "it was held while the broker was restarted as planned"),
  "lot-full": of("bad", "not held", "as many calls as may be were held already"),
  "asked-again": of("idle", "app asked again", "the app closed a kept connection without an answer"),
};

/** What is worth a look in one span, without opening it. */
export function policyEvents(span: TraceSpan): PolicyEvent[] {
  const { attempts, marks = "", injected, mirrored, underWay, began, silent } = span;
  const words = marksIn(marks);
  const isRetried = span.side === "client" && attempts.length > 1 && !words.includes("hedged");
  const times = attempts.length - 1;
  return [
    ...(underWay ? [of("idle", "under way", "it has not ended")] : []),
    ...(mirrored ? [of("idle", "copy", "a mirror's copy, whose answer nobody waits for")] : []),
    ...(isRetried
      ? [of("fair", times === 1 ? "retried" : `retried ${times}×`, `it took ${attempts.length} attempts`)]
      : []),
    ...words.map((word) => MARKS[word] ?? of("idle", word, "")),
    ...(injected === undefined ? [] : [of("fair", `fault: ${injected}`, "policy put a fault in")]),
    ...(began === undefined
      ? []
      : [of("fair", "no traceparent", "its app does not seem to forward traceparent")]),
    ...(silent === undefined
      ? []
      : [of("fair", `${countOf(silent.length, "instance")} silent`, "who had the call tells nothing")]),
  ];
}

/** The words in `marks`. */
export const marksIn = (marks: string): string[] => marks.split(", ").filter((mark) => mark !== "");
