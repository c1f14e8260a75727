import { Slots } from "./slots.ts";

/** Something that happens at a time, unless it is taken back first. */
export interface Timed {
  /** The sweep's own note of where it keeps the entry; -1 to begin with. */
  sweepSlot: number;
  /**
   * In ms of the sweep's clock; Infinity for never. May be moved later at any time by writing it;
   * when it is moved nearer, `Sweep.add` has to be called again.
   */
  dueAt: number;
  /** Called once, after the entry was taken out. It may add itself again, with a time to come. */
  due(): void;
}

/** Later than this past its time, the process stood still: it was stopped, starved, or its machine slept. */
const STALL_MS = 250;

/** So often, `stepMs` apart, all sockets are read then. In that time an answer can come to what was being sent, too. */
const READING_ROUNDS = 5;

/**
 * One coarse timer for all deadlines of a process, because a timer for each call costs more than the call's own work.
 * It wakes when the nearest entry is due, but not more often than each `stepMs`: so an entry is at most about
 * `stepMs` late, and adding and deleting costs next to nothing. It never keeps the process alive.
 *
 * A process that was held up finds its timers up and its sockets full, and the loop of Node runs the timers first. An
 * answer or a request that came in time would lose against its own deadline, so the sweep lets the sockets be read
 * before it runs anything: once always, which costs one turn of the loop, and more often after a long stall.
 */
export class Sweep {
  readonly now: () => number;
  readonly #stepMs: number;
  readonly #entries = new Slots<Timed>();
  #wakesAt = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #roundsLeft = 0;
  readonly #onTimer = () => this.wake();
  readonly #onRead = () => this.tick();

  /** @param now a monotonic clock in ms */
  constructor(now: () => number = () => performance.now(), stepMs = 10) {
    this.now = now;
    this.#stepMs = stepMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Adds an entry, or takes notice of its earlier `dueAt`. */
  add(entry: Timed): void {
    if (entry.sweepSlot < 0) entry.sweepSlot = this.#entries.take(entry);
    if (entry.dueAt < this.#wakesAt) this.#wake(entry.dueAt, this.now());
  }

  delete(entry: Timed): void {
    if (entry.sweepSlot < 0) return;
    this.#entries.free(entry.sweepSlot);
    entry.sweepSlot = -1;
  }

  /** The timer is up: has the sockets read, then runs what is due. Tests that play a stall call it themselves. */
  wake(): void {
    const now = this.now();
    if (this.#roundsLeft > 0) this.#roundsLeft--;
    else if (now - this.#wakesAt > STALL_MS) this.#roundsLeft = READING_ROUNDS;
    if (this.#roundsLeft > 0) this.#wakeIn(this.#stepMs, now);
    // The loop reads between its timers and this.
    else setImmediate(this.#onRead);
  }

  /** Runs what is due, now. Tests with a clock of their own call it. */
  tick(): void {
    const now = this.now();
    let nearest = Number.POSITIVE_INFINITY;
    clearTimeout(this.#timer);
    this.#wakesAt = Number.POSITIVE_INFINITY;
    this.#entries.each((entry) => {
      if (entry.dueAt <= now) {
        this.delete(entry);
        entry.due();
      } else if (entry.dueAt < nearest) nearest = entry.dueAt;
    });
    if (nearest < this.#wakesAt) this.#wake(nearest, now);
  }

  #wake(dueAt: number, now: number): void {
    const delayMs = Math.min(Math.max(dueAt - now, this.#stepMs), 0x7fffffff);
    // Else a steady stream of near entries would put the timer off for ever.
    if (now + delayMs < this.#wakesAt) this.#wakeIn(delayMs, now);
  }

  #wakeIn(delayMs: number, now: number): void {
    clearTimeout(this.#timer);
    this.#wakesAt = now + delayMs;
    this.#timer = setTimeout(this.#onTimer, delayMs).unref();
  }
}
