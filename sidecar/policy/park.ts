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
 * instance that was picked tells only of that one. While calls are held, new ones go behind them. One that was held and
 * meets instances at their limits is held again, until there is a place. A broker that goes away meanwhile changes nothing
 * for a call that is held: it still waits for an instance, for as long as it may.
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
    const { target } = call;
    const line = this.#lines.get(versionOf(target));
    if (line !== undefined && line.size > 0 && this.#hasRoom) return this.#park(call, inner, target);
    const outcome = await inner(call);
    // Who comes while the last that were held are under way meets their crowd.
    if (!nobodyIsThere(call, outcome) && (line === undefined || !isFull(call, outcome))) return outcome;
    return this.#hasRoom ? this.#park(call, inner, target) : this.#turnAway(call, outcome);
  };

  get #hasRoom(): boolean {
    return this.#held < this.#settings.maxCalls;
  }

  #turnAway(call: Call, outcome: Failed): Outcome {
    const { maxCalls } = this.#settings;
    if (!call.hasNote("lot-full")) this.#full++;
    call.note("lot-full");
    return { ...outcome, message: `${outcome.message}, and ${maxCalls} calls are held already` };
  }

  async #park(call: Call, inner: Service, target: Call["target"]): Promise<Outcome> {
    const { sweep, random } = this.#parts;
    const { maxWaitMs } = this.#settings;
    const version = versionOf(target);
    const line = this.#lines.get(version) ?? new ParkedLine(sweep, random);
    this.#lines.set(version, line);
    const place = new Place(call, this.#parked++, sweep.now() + maxWaitMs);
    const tried = call.tried?.length ?? 0;
    try {
      for (;;) {
        // Each time for whoever the route means, and whoever refused it may have a place now.
        call.target = target;
        call.instance = "";
        if (call.tried !== undefined) call.tried.length = tried;
        const how = await this.#wait(place, line);
        if (how === "over") return this.#expire(call, maxWaitMs);
        if (how !== "woken") return endedWaiting(call, how, sweep.now(), "while it was held for an instance");
        const outcome = await inner(call);
        this.#isBrokerAway = isBrokerAway(outcome);
        if (nobodyIsThere(call, outcome)) line.nobody();
        else if (isFull(call, outcome)) line.full();
        else if (this.#isBrokerAway) line.brokerAway();
        else {
          line.taken();
          if (outcome.kind === "replied") line.open();
          return outcome;
        }
      }
    } finally {
      if (line.isIdle) this.#lines.delete(version);
    }
  }

  /** Resolves with `woken` when it is the call's turn. */
  async #wait(place: Place, line: ParkedLine): Promise<"over" | "woken" | Code> {
    const { sweep } = this.#parts;
    const heldFrom = sweep.now();
    this.#held++;
    const how = await line.wait(place);
    this.#held--;
    place.call.note("parked", sweep.now() - heldFrom);
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

const versionOf = (target: Call["target"]): string => (target.kind === "version" ? target.version : "");

const isBrokerAway = (outcome: Outcome): boolean =>
  outcome.kind === "failed" && outcome.code === "broker-away" && outcome.delivered === "no";

const isUnseen = (call: Call, outcome: Outcome, code: Code): outcome is Failed =>
  outcome.kind === "failed" && outcome.code === code && outcome.delivered === "no" && !call.spent;

const nobodyIsThere = (call: Call, outcome: Outcome): outcome is Failed =>
  isUnseen(call, outcome, "no-instance") && call.target.kind !== "instance";

const isFull = (call: Call, outcome: Outcome): outcome is Failed => isUnseen(call, outcome, "overloaded");
