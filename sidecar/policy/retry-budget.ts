/** How much of the load on a service may be further attempts (GEP-3388; Finagle and Linkerd have the same three). */
export interface RetryBudgetOptions {
  /** Further attempts per hundred calls. */
  readonly percent: number;
  /** How long a call counts. */
  readonly intervalMs: number;
  /** Further attempts in each second that are allowed whatever the calls; never more than so many at once. */
  readonly minPerSecond: number;
}

/** Linkerd's and GEP-3388's. */
export const RETRY_BUDGET: RetryBudgetOptions = { percent: 20, intervalMs: 10_000, minPerSecond: 10 };

const SLOTS = 10;
/** Of what the budget may allow, so much is for calls that are not the first to be refused. */
const KEPT = 0.5;

/**
 * Keeps further attempts at one service below a share of its calls, whatever fails: without it, callers that try
 * again make an outage of each overload. Each attempt after a call's first has to be asked for.
 *
 * In any time: attempts allowed ≤ percent of the calls + minPerSecond · (time + 1 s). It slides by the clock that it
 * is given, not by traffic. `now` is monotonic, in ms; an earlier one than before counts as the same.
 */
export class RetryBudget {
  #options: RetryBudgetOptions;
  #slotMs: number;
  /** By slot, in hundredths of an attempt: what calls brought, less what was taken. A ring: the present is at `#at`. */
  readonly #slots: number[] = new Array<number>(SLOTS).fill(0);
  /** What was taken, by slot, in the same measure: with it the balance tells what calls brought. */
  readonly #used: number[] = new Array<number>(SLOTS).fill(0);
  #at = 0;
  #slotEndsAt = Number.NEGATIVE_INFINITY;
  #balance = 0;
  #floor: number;
  #floorAt = 0;
  #calls = 0;
  #taken = 0;
  #refused = 0;

  constructor(options: RetryBudgetOptions) {
    this.#options = options;
    this.#slotMs = options.intervalMs / SLOTS;
    this.#floor = options.minPerSecond;
  }

  /** Takes other options; what is left stays. */
  configure(options: RetryBudgetOptions): void {
    this.#options = options;
    this.#slotMs = options.intervalMs / SLOTS;
    this.#floor = Math.min(this.#floor, options.minPerSecond);
  }

  /** A call begins; told once for each. */
  called(now: number): void {
    this.#calls++;
    if (now >= this.#slotEndsAt) this.#roll(now);
    this.#add(this.#options.percent);
  }

  /**
   * Asks for one attempt more. False when there is none left.
   * @param isLesser of a call that is refused before others: it does not get the last half, so that those that are many
   * and of no hurry do not use up what the urgent ones need
   */
  take(now: number, isLesser = false): boolean {
    this.#fill(now);
    const kept = isLesser ? KEPT : 0;
    // The floor first: it is lost soonest when it is not used.
    if (this.#floor - 1 >= kept * this.#options.minPerSecond) this.#floor--;
    else if (this.#balance - 100 >= kept * (this.#balance + sum(this.#used))) {
      this.#add(-100);
      this.#used[this.#at]! += 100;
    } else {
      this.#refused++;
      return false;
    }
    this.#taken++;
    return true;
  }

  /** Calls, attempts allowed and refused since the start, and how many could be had now. */
  read(now: number) {
    this.#fill(now);
    const left = Math.floor(this.#floor) + Math.max(0, Math.floor(this.#balance / 100));
    return { calls: this.#calls, taken: this.#taken, refused: this.#refused, left };
  }

  #add(amount: number): void {
    this.#slots[this.#at]! += amount;
    this.#balance += amount;
  }

  #fill(now: number): void {
    if (now >= this.#slotEndsAt) this.#roll(now);
    const { minPerSecond } = this.#options;
    if (now <= this.#floorAt) return;
    this.#floor = Math.min(minPerSecond, this.#floor + ((now - this.#floorAt) * minPerSecond) / 1000);
    this.#floorAt = now;
  }

  /** Forgets the slots whose time is over. Summed anew, so that no error of rounding stays. */
  #roll(now: number): void {
    const passed = Math.floor((now - this.#slotEndsAt) / this.#slotMs) + 1;
    for (let i = 0; i < Math.min(passed, SLOTS); i++) {
      this.#at = (this.#at + 1) % SLOTS;
      this.#slots[this.#at] = 0;
      this.#used[this.#at] = 0;
    }
    this.#balance = sum(this.#slots);
    this.#slotEndsAt = passed > SLOTS ? now + this.#slotMs : this.#slotEndsAt + passed * this.#slotMs;
  }
}

function sum(slots: readonly number[]): number {
  let all = 0;
  for (const slot of slots) all += slot;
  return all;
}
