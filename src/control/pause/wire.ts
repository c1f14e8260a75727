import * as z from "zod/mini";
import { count, reader } from "../../registry/frame.ts";

/** Longest time that one pause may hold calls. */
export const MAX_HOLD_MS = 10_000;
export const MAX_PAUSE_BYTES = 128;

/**
 * On `reg.ev.pause`: the broker is about to be restarted, and calls that begin now wait for it. Said again and again
 * while it lasts, with what is left of the times; whoever hears it says in a beat when it is quiet (`Heartbeat.quiet`).
 */
export interface PauseOrder {
  /** Names this pause: when it began, in Unix ms. */
  readonly id: number;
  /** From now on; 0 ends it. */
  readonly holdMs: number;
  /** So long calls that belong to calls under way still go through. */
  readonly drainMs: number;
}

const ms = count.check(z.maximum(MAX_HOLD_MS));

/** Gives undefined for bytes that are not one such message; it never throws. */
export const readPause = reader<PauseOrder>(z.object({ id: count, holdMs: ms, drainMs: ms }));
