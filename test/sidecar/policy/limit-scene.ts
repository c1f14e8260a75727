import { ConcurrencyLimit, type ConcurrencySettings } from "../../../sidecar/policy/limit-concurrency.ts";
import type { Call, Service } from "../../../sidecar/stack/call.ts";
import { failed, type Outcome } from "../../../sidecar/stack/outcome.ts";
import { replied, time } from "./scene.ts";

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

export const settings = (over: Partial<ConcurrencySettings> = {}): ConcurrencySettings => ({
  ...{ limit: 2, queueCalls: 1, queueWaitMs: 100, priority: undefined },
  ...over,
});

/** A limit before an app whose calls end when the test says so. */
export const scene = (over: Partial<ConcurrencySettings> = {}) => {
  const { sweep, pass } = time();
  const app = new App();
  const limit = new ConcurrencyLimit({ sweep, random: () => 0.5 });
  limit.configure(settings(over));
  const told: boolean[] = [];
  limit.onRoom((hasRoom) => told.push(hasRoom));
  return { limit, app, told, pass, sweep, serve: limit.layer(app.service) };
};
