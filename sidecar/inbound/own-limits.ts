import { isDeepStrictEqual } from "node:util";
import type { ServicePolicy } from "../../src/resources/service-policy.ts";
import { ConcurrencyLimit } from "../policy/limit-concurrency.ts";
import { limitRate, type RateGate, ratePerCaller, sharedRate } from "../policy/limit-rate.ts";
import type { Gate } from "../stack/call.ts";
import type { Sweep } from "../stack/sweep.ts";
import { concurrencyOf, rateOf } from "./own-policy.ts";

type RateLimit = ServicePolicy["spec"]["rateLimit"];

export interface OwnLimitsOptions {
  readonly sweep: Sweep;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Told of each call that is above a rate, for the metrics. */
  readonly limited: (caller: string) => void;
}

/** What the policy of this service says of its own calls; it follows the policy, and keeps count while that changes. */
export class OwnLimits {
  readonly concurrency: ConcurrencyLimit;
  readonly #options: OwnLimitsOptions;
  #rateLimit: RateLimit;
  #gates: readonly Gate[] = [];

  constructor(options: OwnLimitsOptions) {
    const { sweep, random } = options;
    this.#options = options;
    this.concurrency = new ConcurrencyLimit({ sweep, code: "overloaded", random });
  }

  /** Those that a call has to pass, first the nearest. */
  get gates(): readonly Gate[] {
    return this.#gates;
  }

  configure(policy: ServicePolicy | undefined): void {
    const { limits, rateLimit } = policy?.spec ?? {};
    this.concurrency.configure(concurrencyOf(limits));
    // A gate that begins anew lets a whole burst through.
    if (isDeepStrictEqual(rateLimit, this.#rateLimit)) return;
    this.#rateLimit = rateLimit;
    this.#gates = rateLimit?.local === undefined ? [] : [this.#localGate(rateLimit.local)];
  }

  #localGate(local: NonNullable<NonNullable<RateLimit>["local"]>): Gate {
    const { sweep, limited } = this.#options;
    const rate = rateOf(local);
    const gate: RateGate = local.perCaller ? ratePerCaller(rate) : sharedRate(rate, sweep.now());
    return limitRate({ gate, rate, name: "local", code: "rate-limited", now: sweep.now, limited });
  }
}
