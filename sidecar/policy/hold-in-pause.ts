import type { Call, Layer, Service } from "../stack/call.ts";
import type { Outcome } from "../stack/outcome.ts";
import type { Sweep } from "../stack/sweep.ts";
import { endedWaiting, Wait } from "./wait.ts";

/** As much of a planned pause as this policy needs (`../pause.ts`). */
export interface PauseWatch {
  readonly isOn: boolean;
  /** Whether a call that begins now has to wait. */
  readonly holds: boolean;
  onOver(listener: () => void): void;
}

/** Calls held at once; more go on, and fail as they would without a pause. */
const MOST_HELD = 8192;
/** Of those that were held so many are under way at once: they would all come at the same moment else. */
const AT_ONCE = 128;

/**
 * Holds calls while the broker is restarted as planned, each at most to the end of its time, and then lets them go on in
 * their order; one layer for all calls of a sidecar.
 */
export function holdInPause(pause: PauseWatch, sweep: Sweep): Layer {
  const line = new Set<Wait>();
  let underWay = 0;
  const wakeNext = (): void => {
    for (const wait of line) {
      if (pause.isOn || underWay >= AT_ONCE) return;
      line.delete(wait);
      underWay++;
      wait.wake();
    }
  };
  pause.onOver(wakeNext);

  const hold = async (inner: Service, call: Call): Promise<Outcome> => {
    const heldFrom = sweep.now();
    const wait = new Wait(call, sweep, call.dueAt - heldFrom);
    line.add(wait);
    const how = await wait.ended;
    const isItsTurn = !line.delete(wait);
    call.note("paused", sweep.now() - heldFrom);
    try {
      if (how === "woken") return await inner(call);
      const code = how === "over" ? "deadline" : how;
      return endedWaiting(call, code, sweep.now(), "while the broker was restarted");
    } finally {
      if (isItsTurn) {
        underWay--;
        wakeNext();
      }
    }
  };
  // No promise of its own for a call that is not held.
  return (inner) => (call) =>
    pause.isOn && pause.holds && line.size < MOST_HELD ? hold(inner, call) : inner(call);
}
