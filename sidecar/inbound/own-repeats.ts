import { HEADER } from "../../src/protocol/header-names.ts";
import type { ServicePolicy } from "../../src/resources/service-policy.ts";
import { budgetOf } from "../budget-of.ts";
import { RETRY_BUDGET, RetryBudget } from "../policy/retry-budget.ts";
import type { Call, Service } from "../stack/call.ts";

/**
 * Whether the app may be asked a second time for what a kept connection died under: whether it has seen the call nobody
 * can know. The policy of this service says it, as it does for its callers: its off switch (`retry.attempts: 0`) holds
 * here, too, and so does its budget, from which further attempts of callers are taken as well. So both together
 * stay within it.
 */
export class OwnRepeats {
  readonly #budget = new RetryBudget(RETRY_BUDGET);
  readonly #now: () => number;
  #isOff = false;

  /** @param now a monotonic clock in ms */
  constructor(now: () => number) {
    this.#now = now;
  }

  configure(policy: ServicePolicy | undefined): void {
    this.#isOff = policy?.spec.retry?.attempts === 0;
    this.#budget.configure(budgetOf(policy));
  }

  /** Counts what the app is asked. */
  readonly counting =
    (app: Service): Service =>
    (call) => {
      if (call.attempt === 1) this.#budget.called(call.startedAt);
      // The caller had it allowed: here it only leaves less for others.
      else this.#budget.take(call.startedAt);
      return app(call);
    };

  /** Asks for one more, of which the app then reads that it may have had the call; false when there is none. */
  take(call: Call): boolean {
    if (this.#isOff) return false;
    if (!this.#budget.take(this.#now())) {
      call.note("over-budget");
      return false;
    }
    call.note("asked-again");
    call.head.headers += `${HEADER.askedAgain}: 1\r\n`;
    return true;
  }
}
