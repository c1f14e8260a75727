import { resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { OperatorAwayError } from "../../identity/trust/mesh-account.ts";
import { type RotationKind, readRotation } from "../../identity/trust/rotation/record.ts";
import { RotationWaits, rotate, STEPS } from "../../identity/trust/rotation/rotate.ts";
import { Fault, UsageFault } from "../fault.ts";
import { needState } from "../identity/need-state.ts";
import { lockFolder } from "../lock-folder.ts";
import { printLine } from "../policy/print.ts";
import { runningMesh } from "./running-mesh.ts";

export interface RotateFlags {
  readonly state: string;
  readonly status?: true;
  readonly patience: number;
  readonly spread: number;
  readonly leaveBehind?: true;
  readonly continue?: true;
  readonly operatorSeed?: string;
}

/** `weft rotate`: the whole procedure, or how far it is. */
export async function runRotate(kind: RotationKind | undefined, flags: RotateFlags): Promise<void> {
  const state = resolve(flags.state);
  needState(state);
  if (flags.status) return printLine(statusOf(state));
  if (kind === undefined)
    throw new UsageFault("say what is to be rotated", "weft rotate ca, signing-key or operator; or --status");
  const unlock = lockFolder(
    state,
    "rotate.lock",
    (pid) => new Fault(`process ${pid} is at it already`, "wait for it, or see weft rotate --status"),
  );
  try {
    await rotate(kind, {
      ...{ stateDir: state, now: Date.now, pause: delay, tell: printLine, operatorSeed: flags.operatorSeed },
      ...{ patienceMs: flags.patience, leaveBehind: flags.leaveBehind ?? false },
      brokersDone: flags.continue ?? false,
      alone: (change) => alone(state, change),
      mesh: runningMesh(state, flags.spread),
    });
    printLine(`done: ${HINTS[kind]}`);
  } catch (error) {
    if (error instanceof RotationWaits) throw new Fault(error.message, error.cure);
    if (error instanceof OperatorAwayError) throw new Fault(error.message, "it goes on where it is then");
    throw error;
  } finally {
    unlock();
  }
}

/** As whoever revokes does. */
async function alone(state: string, change: () => Promise<void>): Promise<void> {
  const unlock = lockFolder(
    state,
    "trust.lock",
    (pid) =>
      new Fault(`process ${pid} changes the trust of this mesh`, "run this again: it goes on where it is"),
  );
  try {
    await change();
  } finally {
    unlock();
  }
}

const HINTS: Readonly<Record<RotationKind, string>> = {
  ca: "tokens and pins from before are refused (untrusted): make new ones, up.json has the pin. The new root.key may be moved offline",
  "signing-key": "users that the old key signed are refused",
  operator:
    "the old operator's key signs nothing any more: destroy the copies of it. The new one may be moved offline",
};

function statusOf(state: string): string {
  const rotation = readRotation(state);
  if (rotation === undefined) return "nothing was ever rotated here";
  const { kind, step, startedAt, endedAt, brokersAsked, brokersDone } = rotation;
  if (endedAt !== undefined) return `${kind}: done at ${new Date(endedAt).toISOString()}`;
  const steps = STEPS[kind];
  const waits = brokersAsked && !brokersDone ? "; it waits for your brokers (--continue)" : "";
  const at = steps[step];
  return `${kind}: at step ${Math.min(step + 1, steps.length)} of ${steps.length}${at ? `, ${at.name}: ${at.says}` : ""}; begun at ${new Date(startedAt).toISOString()}${waits}\nweft rotate ${kind} goes on with it`;
}
