/** What policy can do with a call besides what its attempts tell, for whoever asks about the call. */
const MARKS = [
  /** Held while no instance was there. */
  "parked",
  /** Waited for a place at the app. */
  "queued",
  /** Refused in favour of a more urgent call. */
  "shed",
  /** Another attempt was begun beside a slow one. */
  "hedged",
  /** That one's answer was taken. */
  "hedge-won",
  /** A further attempt was wanted, and the retry budget did not allow it. */
  "over-budget",
  /** It failed at an instance that is left out now. */
  "ejected",
  /** Held while the broker was away. */
  "broker-away",
  /** The app closed a kept connection without an answer, and was asked once more. */
  "asked-again",
  /** Held while the broker was restarted as planned. */
  "paused",
  /** Not held, because as many were held as may be. */
  "lot-full",
] as const;

export type Mark = (typeof MARKS)[number];

/** One bit, so that a call keeps all its marks in one number. */
export const bitOf = (mark: Mark): number => 1 << MARKS.indexOf(mark);

/** Beside the marks, and no deed of policy: the call came without a trace context, so a trace begins with it. */
export const BEGAN_TRACE = 1 << 30;

/** @returns for people: `parked, hedged`; empty for none */
export const marksOf = (bits: number): string =>
  MARKS.filter((mark) => (bits & bitOf(mark)) !== 0).join(", ");

/** What is told of something that happened to a call; what does not apply is left out, or empty. */
export interface CallEvent {
  readonly instance?: string;
  /** How long it took. */
  readonly ms?: number | undefined;
  /** What an attempt came to: the mesh's code, or else the app's status. */
  readonly code?: string;
  readonly status?: number;
}
