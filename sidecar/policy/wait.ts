import type { Code } from "../../src/protocol/code.ts";
import type { Call } from "../stack/call.ts";
import type { Sweep, Timed } from "../stack/sweep.ts";

/** A wait in the course of a call: it ends when the time is over, when the call is cancelled, or when it is woken. */
export class Wait implements Timed {
  readonly dueAt: number;
  sweepSlot = -1;
  readonly ended: Promise<"over" | "woken" | Code>;
  readonly #sweep: Sweep;
  readonly #call: Call;
  #resolve!: (how: "over" | "woken" | Code) => void;

  constructor(call: Call, sweep: Sweep, ms: number) {
    this.#call = call;
    this.#sweep = sweep;
    this.dueAt = sweep.now() + ms;
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
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
    this.#resolve(how);
  }
}
