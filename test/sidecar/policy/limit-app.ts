import type { Call, Service } from "../../../sidecar/stack/call.ts";
import { failed, type Outcome } from "../../../sidecar/stack/outcome.ts";
import { replied } from "./scene.ts";

interface Running {
  readonly call: Call;
  end(outcome: Outcome): void;
}

/** An app whose calls end when a test says so, or when they are cancelled. */
export class App {
  readonly #running: Running[] = [];
  /** The paths of the calls that it has seen, in their order. */
  readonly paths: string[] = [];
  /** The most that it had at once. */
  peak = 0;

  get running(): number {
    return this.#running.length;
  }

  get seen(): number {
    return this.paths.length;
  }

  readonly service: Service = (call) => {
    this.paths.push(call.path);
    return new Promise((resolve) => {
      const running: Running = {
        call,
        end: (outcome) => {
          this.#running.splice(this.#running.indexOf(running), 1);
          call.onCancel = undefined;
          resolve(outcome);
        },
      };
      this.#running.push(running);
      this.peak = Math.max(this.peak, this.#running.length);
      call.onCancel = (code) => running.end(failed(code, "unknown", "ended"));
      if (call.cancelled !== undefined) running.end(failed(call.cancelled, "no", "ended"));
    });
  };

  answer(index: number, outcome: Outcome = replied): void {
    this.#running[index]?.end(outcome);
  }
}
