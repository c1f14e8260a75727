import { type Heartbeat, SILENT_AFTER_MS } from "./wire.ts";

/** A sweep this late means that the process stood still, and beats wait unread: nobody may be called silent. */
export const LATE_SWEEP_MS = 2000;

/**
 * A beat must not overtake a newer one of the same start, nor of a later start. A sidecar whose wall clock went back
 * between two starts is believed once the later start is silent.
 * @param last the newest beat of that sidecar so far; @param heardAt when it came
 * @param now by the same clock as `heardAt`, which never jumps
 */
export function isStale(
  last: Pick<Heartbeat, "startedAt" | "sequence">,
  heardAt: number,
  beat: Heartbeat,
  now: number,
): boolean {
  if (beat.startedAt === last.startedAt) return beat.sequence <= last.sequence;
  return beat.startedAt < last.startedAt && now - heardAt < SILENT_AFTER_MS;
}
