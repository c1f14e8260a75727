import type { Code } from "../../src/protocol/code.ts";
import type { Call, Layer, Service } from "../stack/call.ts";
import { type Failed, failed, type Outcome, type Refused, refused } from "../stack/outcome.ts";
import type { Sweep } from "../stack/sweep.ts";
import { ParkedLine, Place } from "./parked-line.ts";
import { endedWaiting } from "./wait.ts";

export interface ParkSettings {
  readonly maxWaitMs: number;
  readonly maxCalls: number;
}

export interface ParkParts {
  readonly sweep: Sweep;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/**
 * Holds the calls to one service while no instance of it is there, and sends them when one comes: first come, first
 * sent, with jitter and not all at once, because the callers of a service that was away all come back together. One call
 * is sent from time to time even if nobody says that there is an instance: the registry may be away, or all instances
 * may have been at their limits.
 *
 * A call is held when the broker said that nobody is there: `no-instance`, asked of a queue group. The answer of a single
 * instance that was picked tells only of that one. While calls are held, new ones go behind them. A broker that goes away
 * meanwhile changes nothing for a call that is held: it still waits for an instance, for as long as it may.
 */
export class ParkingLot {
  readonly #parts: ParkParts;
  #settings: ParkSettings;
  /** By the version that is asked; empty for any. Only those in which calls are held. */
  readonly #lines = new Map<string, ParkedLine>();
  #held = 0;
  #parked = 0;
  #expired = 0;
  #full = 0;
  /** What the call that was sent last found: then nobody knows who is there. */
  #isBrokerAway = false;

  constructor(settings: ParkSettings, parts: ParkParts) {
    this.#settings = settings;
    this.#parts = parts;
  }

  /** For metrics: what is now, and what was since the start. */
  get counts() {
    return {
      held: this.#held,
      /** Calls that were held. */
      parked: this.#parked,
      /** Held for too long. */
      expired: this.#expired,
      /** Not held, because too many were. */
      full: this.#full,
    };
  }

  /** Takes a new policy; it holds for calls that come from now on. */
  configure(settings: ParkSettings): void {
    this.#settings = settings;
  }

  /** An instance of that version has come. */
  up(version: string): void {
    this.#lines.get("")?.open();
    this.#lines.get(version)?.open();
  }

  readonly layer: Layer = (inner) => async (call) => {
    const hasRoom = this.#held < this.#settings.maxCalls;
    if (hasRoom && this.#lines.has(versionOf(call))) return this.#park(call, inner);
    const outcome = await inner(call);
    if (!nobodyIsThere(call, outcome)) return outcome;
    if (this.#held < this.#settings.maxCalls) return this.#park(call, inner);
    this.#full++;
    return outcome;
  };

  async #park(call: Call, inner: Service): Promise<Outcome> {
    const { sweep } = this.#parts;
    const { maxWaitMs } = this.#settings;
    const version = versionOf(call);
    const place = new Place(call, this.#parked++, sweep.now() + maxWaitMs);
    for (;;) {
      const how = await this.#wait(place, version);
      if (how === "over") return this.#expire(call, maxWaitMs);
      if (how !== "woken") return endedWaiting(call, how, sweep.now(), "while it was held for an instance");
      const outcome = await inner(call);
      const line = this.#lines.get(version);
      this.#isBrokerAway = isBrokerAway(outcome);
      if (!nobodyIsThere(call, outcome) && !this.#isBrokerAway) {
        if (outcome.kind === "replied") line?.open();
        return outcome;
      }
      line?.close();
    }
  }

  /** Resolves with `woken` when it is the call's turn. */
  async #wait(place: Place, version: string): Promise<"over" | "woken" | Code> {
    const { sweep, random } = this.#parts;
    const line = this.#lines.get(version) ?? new ParkedLine(sweep, random);
    this.#lines.set(version, line);
    const heldFrom = sweep.now();
    this.#held++;
    const how = await line.wait(place);
    this.#held--;
    place.call.note("parked", sweep.now() - heldFrom);
    if (line.size === 0 && this.#lines.get(version) === line) this.#lines.delete(version);
    return how;
  }

  #expire(call: Call, maxWaitMs: number): Refused | Failed {
    this.#expired++;
    if (this.#isBrokerAway)
      return failed(
        "broker-away",
        "no",
        `no connection to the broker; ${call.callee} was waited for ${maxWaitMs} ms`,
      );
    const message = `no instance of ${call.callee} took it within ${maxWaitMs} ms`;
    return { ...refused("parked-expired", message), retryAfterMs: maxWaitMs };
  }
}

const versionOf = ({ target }: Call): string => (target.kind === "version" ? target.version : "");

const isBrokerAway = (outcome: Outcome): boolean =>
  outcome.kind === "failed" && outcome.code === "broker-away" && outcome.delivered === "no";

const nobodyIsThere = (call: Call, outcome: Outcome): boolean =>
  outcome.kind === "failed" &&
  outcome.code === "no-instance" &&
  outcome.delivered === "no" &&
  call.target.kind !== "instance" &&
  !call.spent;
