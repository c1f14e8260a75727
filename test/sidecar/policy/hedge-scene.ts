import { fieldValue } from "../../../sidecar/http/header-block.ts";
import { type HedgeOptions, hedge } from "../../../sidecar/policy/hedge.ts";
import { RETRY_BUDGET, RetryBudget } from "../../../sidecar/policy/retry-budget.ts";
import { type Body, NO_BODY } from "../../../sidecar/stack/body.ts";
import type { Call, Service } from "../../../sidecar/stack/call.ts";
import { failed, type Outcome } from "../../../sidecar/stack/outcome.ts";
import { replied, time } from "./scene.ts";

export const none = failed("no-instance", "no", "none");

/** One attempt as the service behind the layer has it. */
export interface Attempt {
  readonly call: Call;
  readonly instance: string;
  answer(status?: number, body?: Body): Promise<void>;
  end(outcome: Outcome): Promise<void>;
}

export const scene = (options: Partial<HedgeOptions> = {}, budget = new RetryBudget(RETRY_BUDGET)) => {
  const { sweep, pass } = time();
  const attempts: Attempt[] = [];
  const told: string[] = [];
  const apart: [number, number][] = [];
  const service: Service = (call) =>
    new Promise((resolve) => {
      const instance = `o${attempts.length + 1}`;
      const end = (outcome: Outcome) => {
        call.onCancel = undefined;
        resolve(outcome);
        return new Promise<void>(setImmediate);
      };
      call.begun++;
      call.instance = instance;
      call.target = { kind: "instance", instance };
      call.onCancel = (code) => void end(failed(code, "unknown", "ended"));
      const answer = (status = 200, body: Body = NO_BODY) => end({ ...replied, status, body, instance });
      attempts.push({ call, instance, answer, end });
    });
  const layer = hedge(
    { attempts: 1, delay: 100, ...options },
    {
      ...{ sweep, budget, field: fieldValue },
      apart: (next, running) => apart.push([next.attempt, running.attempt]),
      hedged: (what) => told.push(what),
      isLesser: () => false,
    },
  );
  return { sweep, pass, attempts, told, apart, budget, layer, service, run: layer(service) };
};
