import type { Call } from "../stack/call.ts";
import type { Endpoint } from "./endpoint.ts";
import { NOBODY, type Picker, type PickerOf } from "./picker.ts";
import { usableOf } from "./usable.ts";
import { preferZone } from "./zone.ts";

export interface PoolPolicy {
  /** Undefined leaves every call to the broker's queue group. */
  readonly policy: (() => PickerOf) | undefined;
  /** The zone that is preferred; undefined for none. */
  readonly zone: string | undefined;
  readonly maxEjectedPercent: number;
  readonly random: () => number;
}

/** The endpoints of one version, or of all, and the snapshot of those that may get calls. */
export class Pool implements Picker {
  readonly #pool: PoolPolicy;
  readonly #near: PickerOf | undefined;
  readonly #far: PickerOf | undefined;
  #all: readonly Endpoint[];
  #usable: readonly Endpoint[] = [];
  #picker: Picker = NOBODY;
  #goodUntil = Number.NEGATIVE_INFINITY;

  constructor(endpoints: readonly Endpoint[], pool: PoolPolicy) {
    this.#all = endpoints;
    this.#pool = pool;
    this.#near = pool.policy?.();
    this.#far = pool.policy?.();
  }

  replace(endpoints: readonly Endpoint[]): void {
    this.#all = endpoints;
    this.changed();
  }

  /** A state changed: the next call sees a new snapshot. */
  changed(): void {
    this.#goodUntil = Number.NEGATIVE_INFINITY;
  }

  pick(call: Call, now: number): Endpoint | undefined {
    if (now >= this.#goodUntil) this.#renew(now);
    return (call.tried === undefined ? this.#picker : this.#without(call.tried)).pick(call, now);
  }

  #renew(now: number): void {
    const { endpoints, until } = usableOf(this.#all, this.#pool.maxEjectedPercent, now);
    this.#usable = endpoints;
    this.#picker = this.#pickerOf(endpoints);
    this.#goodUntil = until;
  }

  /** For another attempt: somebody else, when there is anybody. */
  #without(tried: readonly string[]): Picker {
    const others = this.#usable.filter(({ instance }) => !tried.includes(instance));
    const isTheSame = others.length === 0 || others.length === this.#usable.length;
    return isTheSame ? this.#picker : this.#pickerOf(others);
  }

  #pickerOf(endpoints: readonly Endpoint[]): Picker {
    if (this.#near === undefined || this.#far === undefined) return NOBODY;
    const { zone, random } = this.#pool;
    if (zone === undefined) return this.#near(endpoints);
    const knownNear = this.#all.filter((endpoint) => endpoint.zone === zone).length;
    return preferZone(zone, knownNear, this.#near, this.#far, random)(endpoints);
  }
}
