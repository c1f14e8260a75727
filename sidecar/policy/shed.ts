/** The urgency that no other goes before (RFC 9218 §4.1). */
export const MOST_URGENT = 0;
/** Urgency of a call that says nothing about itself (RFC 9218 §4.1). */
export const DEFAULT_URGENCY = 3;
/** The member `u` of the dictionary, or the digit alone for callers that know no structured fields. */
const URGENCY = /(?:^|,)\s*(?:u\s*=\s*)?([0-7])\s*(?=$|[,;])/;

/**
 * Reads how urgent a call is, from 0 (most) to 7.
 * @param value of the `Priority` field, such as `u=1, i` (RFC 9218 §5), or a digit; anything else counts as not written
 */
export function urgency(value: string | undefined): number {
  const digit = value === undefined ? undefined : URGENCY.exec(value)?.[1];
  return digit === undefined ? DEFAULT_URGENCY : Number(digit);
}

interface Urgent {
  readonly urgency: number;
}

/** Which of those that wait goes first: the most urgent, and of equals the one that has waited longest. */
export function firstIn(waiting: readonly Urgent[]): number {
  let first = 0;
  for (let i = 1; i < waiting.length; i++) if (waiting[i]!.urgency < waiting[first]!.urgency) first = i;
  return first;
}

/**
 * Which of those that wait has to go for one of this urgency: the least urgent, and of equals the one that came last.
 * @returns -1 when none is less urgent
 */
export function firstOut(waiting: readonly Urgent[], urgency: number): number {
  let out = -1;
  let least = urgency + 1;
  for (let i = 0; i < waiting.length; i++) {
    if (waiting[i]!.urgency < least) continue;
    least = waiting[i]!.urgency;
    out = i;
  }
  return out;
}
