import type { Call } from "../stack/call.ts";
import type { PickerOf } from "./picker.ts";

/** What calls have in common that go to the same endpoint; undefined when this call has no such thing. */
export type KeyOf = (call: Call) => string | undefined;

/** A well mixed number from 0 to 2^32 − 1. */
export type Hash = (text: string, seed: number) => number;

/**
 * Rendezvous hashing (Thaler & Ravishankar): a call goes to the endpoint with the highest score for its key. One that
 * comes takes its part from all others, one that goes leaves its part to all others, and nothing else moves; callers
 * that know the same instances agree without a word.
 * @param otherwise for calls without a key
 */
export const consistentHash =
  (keyOf: KeyOf, hash: Hash, otherwise: PickerOf): PickerOf =>
  (endpoints) => {
    const seeds = Int32Array.from(endpoints, ({ instance }) => hash(instance, 0));
    const keyless = otherwise(endpoints);
    return {
      pick(call, now) {
        const key = keyOf(call);
        if (key === undefined) return keyless.pick(call, now);
        return endpoints[highest(seeds, hash(key, 0))];
      },
    };
  };

/** Index of the highest score; 0 when there are none. */
function highest(seeds: Int32Array, key: number): number {
  let best = 0;
  let bestScore = -1;
  for (let i = 0; i < seeds.length; i++) {
    const score = mixed(seeds[i]! ^ key);
    if (score > bestScore) {
      best = i;
      bestScore = score;
    }
  }
  return best;
}

/** The last mixing step of MurmurHash3: two numbers that differ in one bit differ in half of them after it. */
function mixed(number: number): number {
  let bits = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
