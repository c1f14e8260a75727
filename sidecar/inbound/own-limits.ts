import { isDeepStrictEqual } from "node:util";
import type { ServicePolicy } from "../../src/resources/service-policy.ts";
import type { Rate } from "../policy/gcra.ts";
import { ConcurrencyLimit } from "../policy/limit-concurrency.ts";
import { limitRate, type RateGate, type RateName, ratePerCaller, sharedRate } from "../policy/limit-rate.ts";
import type { Gate } from "../stack/call.ts";
import type { Sweep } from "../stack/sweep.ts";
import type { GlobalRate } from "./global-rate.ts";
import { concurrencyOf, rateOf } from "./own-policy.ts";

type RateLimit = ServicePolicy["spec"]["rateLimit"];
type Written<K extends "local" | "global"> = NonNullable<NonNullable<RateLimit>[K]>;

export interface OwnLimitsOptions {
  readonly sweep: Sweep;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Told of each call that is above a rate, for the metrics. */
  readonly limited: (caller: string, limit: string) => void;
  /** Begins to work on a share of a rate of all instances. */
  readonly globalRate: (rate: Rate) => GlobalRate;
}

/** What the policy of this service says of its own calls; it follows the policy, and keeps count while that changes. */
export class OwnLimits {
  readonly concurrency: ConcurrencyLimit;
  readonly #options: OwnLimitsOptions;
  #rateLimit: RateLimit;
  #global: GlobalRate | undefined;
  #gates: readonly Gate[] = [];

  constructor(options: OwnLimitsOptions) {
    const { sweep, random } = options;
    this.#options = options;
    this.concurrency = new ConcurrencyLimit({ sweep, random });
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
    const { local, global } = rateLimit ?? {};
    if (global === undefined) this.close();
    this.#gates = [
      ...(local === undefined ? [] : [this.#localGate(local)]),
      ...(global === undefined ? [] : [this.#globalGate(global)]),
    ];
  }

  /** Reports no more to the registry. */
  close(): void {
    this.#global?.close();
    this.#global = undefined;
  }

  #localGate(local: Written<"local">): Gate {
    const rate = rateOf(local);
    return this.#gateOf(
      "local",
      rate,
      local.perCaller ? ratePerCaller(rate) : sharedRate(rate, this.#options.sweep.now()),
    );
  }

  #globalGate(global: Written<"global">): Gate {
    const rate = rateOf(global);
    if (this.#global === undefined) this.#global = this.#options.globalRate(rate);
    else this.#global.configure(rate);
    return this.#gateOf("global", rate, this.#global.gate);
  }

  #gateOf(name: RateName, rate: Rate, gate: RateGate): Gate {
    const { sweep, limited } = this.#options;
    return limitRate({ gate, rate, name, now: sweep.now, limited });
  }
}
