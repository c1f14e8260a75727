import type { Code } from "../../src/protocol/code.ts";
import type { Call } from "../stack/call.ts";
import { type Failed, failed } from "../stack/outcome.ts";
import type { Sweep, Timed } from "../stack/sweep.ts";
import { whereTimeWent } from "../stack/where-time-went.ts";

/** A wait in the course of a call: it ends when the time is over, when the call is cancelled, or when it is woken. */
export class Wait implements Timed {
  readonly dueAt: number;
  sweepSlot = -1;
  readonly ended: Promise<"over" | "woken" | Code>;
  readonly #startedAt: number;
  readonly #sweep: Sweep;
  readonly #call: Call;
  #resolve!: (how: "over" | "woken" | Code) => void;

  constructor(call: Call, sweep: Sweep, ms: number) {
    this.#call = call;
    this.#sweep = sweep;
    this.#startedAt = sweep.now();
    this.dueAt = this.#startedAt + ms;
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    if (call.cancelled !== undefined) {
      this.#resolve(call.cancelled);
      return;
    }
    call.onCancel = (code) => this.#end(code);
    sweep.add(this);
  }

  due(): void {
    this.#end("over");
  }

  wake(): void {
    this.#end("woken");
  }

  #end(how: "over" | "woken" | Code): void {
    this.#sweep.delete(this);
    this.#call.onCancel = undefined;
    this.#call.waitedMs += this.#sweep.now() - this.#startedAt;
    this.#resolve(how);
  }
}

/** The call ended while it waited: its caller left, or its time was used up. No app has seen this attempt. */
export function endedWaiting(call: Call, code: Code, now: number, where: string): Failed {
  const message =
    code === "deadline" ? whereTimeWent(call, now, `and it ended ${where}`) : `the call ended ${where}`;
  return failed(code, "no", message);
}
