import type { Bus } from "../bus/bus.ts";
import { VERSION as FRAMES } from "../protocol/frame.ts";
import { WEFT_VERSION } from "../protocol/weft-version.ts";
import { registry as subjects } from "../subjects/subjects.ts";
import { serviceName, token } from "../subjects/token.ts";
import { type Clock, every } from "./clock.ts";
import { MAX_BEAT_BYTES, pack } from "./frame.ts";
import { type CallStats, HEARTBEAT_MS, type Heartbeat, type PolicyMark } from "./wire.ts";

export interface HeartbeaterOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  /** A token, as all names on the wire. */
  readonly zone?: string;
  /** Asked for at each beat; whole numbers, but for `busyMs`. */
  readonly stats?: () => CallStats;
  /** Asked for at each beat: the policy that the sidecar runs. */
  readonly policy?: () => PolicyMark | undefined;
  /** Asked for at each beat: whom this sidecar has ejected (`Heartbeat.ejected`). */
  readonly ejected?: () => readonly string[];
  /** The same of services (`Heartbeat.ejectedServices`). */
  readonly ejectedServices?: () => readonly string[];
  /** The same of the pause in which this sidecar is quiet (`Heartbeat.quiet`). */
  readonly quiet?: () => number | undefined;
}

/** A beat that is too long would not be taken at all, so it names as many as fit. */
function naming(
  field: "ejected" | "ejectedServices",
  names: readonly string[] = [],
  beat: Heartbeat,
): Heartbeat {
  for (let named = names; named.length > 0; named = named.slice(0, named.length >> 1)) {
    const longer = { ...beat, [field]: named };
    if (pack(longer).length <= MAX_BEAT_BYTES) return longer;
  }
  return beat;
}

/** Tells the registry that this instance, or this pure caller, is there, for as long as it is. */
export class Heartbeater {
  readonly #options: HeartbeaterOptions;
  readonly #startedAt: number;
  #sequence = 0;
  #state: Heartbeat["state"] | undefined;
  #left = false;
  #stops: (() => void)[] = [];

  /** @throws NameError when a name would not be taken by the registry */
  constructor(options: HeartbeaterOptions) {
    serviceName(options.service);
    for (const what of ["instance", "version", "zone"] as const)
      if (options[what] !== undefined) token(what, options[what]);
    this.#options = options;
    this.#startedAt = options.clock.unix();
  }

  /**
   * Says at once whether the app may be called, and again in every beat from now on; `caller` when there is no app.
   */
  set(state: "up" | "down" | "caller"): void {
    const { bus, clock } = this.#options;
    if (this.#state === state || this.#left) return;
    if (this.#stops.length === 0)
      this.#stops = [
        // Jitter only shortens, so that three beats missed are never fewer.
        every(
          clock,
          () => HEARTBEAT_MS * (0.8 + 0.2 * Math.random()),
          () => this.#beat(),
        ),
        bus.onState((now) => now.kind === "connected" && this.#beat()),
      ];
    this.#state = state;
    this.#beat();
  }

  /** Says it all again at once: the policy it runs has changed, or it has become quiet. Nothing before the first `set`, and none after `leave`. */
  again(): void {
    if (this.#state !== undefined && !this.#left) this.#beat();
  }

  /**
   * The last word, after which nothing is said any more: no caller should choose this instance. Resolves when the
   * broker has it, or is away.
   */
  async leave(): Promise<void> {
    for (const stop of this.#stops.splice(0)) stop();
    const said = this.#state;
    if (this.#left) return;
    this.#left = true;
    if (said === undefined) return;
    this.#state = said === "caller" ? "caller-leaving" : "leaving";
    this.#beat();
    await this.#options.bus.flush().catch(() => {});
  }

  #beat(): void {
    const { bus, service, instance, version, zone, stats, ejected, ejectedServices } = this.#options;
    const policy = this.#options.policy?.();
    const quiet = this.#options.quiet?.();
    const beat: Heartbeat = {
      service,
      instance,
      version,
      state: this.#state!,
      startedAt: this.#startedAt,
      sequence: this.#sequence++,
      weft: WEFT_VERSION,
      frames: FRAMES,
      ...(zone === undefined ? {} : { zone }),
      ...(stats === undefined ? {} : { stats: stats() }),
      ...(policy === undefined ? {} : { policy }),
      ...(quiet === undefined ? {} : { quiet }),
    };
    const withServices = naming("ejectedServices", ejectedServices?.(), beat);
    bus.send(subjects.heartbeat(service, instance), pack(naming("ejected", ejected?.(), withServices)));
  }
}
