import type { Call, Service } from "../stack/call.ts";
import { refused } from "../stack/outcome.ts";
import { hashText } from "./hash.ts";

/** One of several places that a rule sends calls to (Gateway API `backendRefs`). */
export interface Backend {
  /** In words, such as `orders v2`. The same backend has the same name whatever its weight. */
  readonly name: string;
  readonly weight: number;
  readonly service: Service;
}

/** What calls have in common that shall go to the same backend; undefined when this call has no such thing. */
export type KeyOf = (call: Call) => string | undefined;

/**
 * Shares calls among backends by weight, at random or by key. A backend is chosen once for a call: all its attempts
 * go there.
 * @param random from 0 to below 1
 */
export function split(backends: readonly Backend[], keyOf: KeyOf | undefined, random: () => number): Service {
  const weighted = backends.filter(({ weight }) => weight > 0);
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0);
  // Two entries may name the same backend, with different filters: each has a draw of its own.
  const seeds = weighted.map(({ name }, i) =>
    hashText(name, weighted.slice(0, i).filter((other) => other.name === name).length),
  );
  const words = weighted.map(({ name, weight }) => `${name}, ${weight} of ${total}`);
  if (weighted.length === 0)
    return (call) => {
      call.head.body.abandon("no-backend");
      return Promise.resolve(refused("no-backend", `rule ${call.rule?.name} has no backend with a weight`));
    };
  return (call) => {
    const key = keyOf?.(call);
    const i = key === undefined ? drawn(weighted, random() * total) : byKey(weighted, seeds, key);
    call.choice = words[i]!;
    return weighted[i]!.service(call);
  };
}

function drawn(backends: readonly Backend[], point: number): number {
  let left = point;
  for (let i = 0; i < backends.length - 1; i++) {
    left -= backends[i]!.weight;
    if (left < 0) return i;
  }
  return backends.length - 1;
}

/**
 * Weighted rendezvous hashing (Wang & Ravishankar's method with logarithmic weights): each key goes to its backend
 * with a share that is the weight's, and a change of weights moves no more keys than it has to.
 */
function byKey(backends: readonly Backend[], seeds: readonly number[], key: string): number {
  let best = 0;
  let bestScore = -1;
  for (let i = 0; i < backends.length; i++) {
    // From 0 to 1, both excluded.
    const point = (hashText(key, seeds[i]!) + 0.5) / 0x1_0000_0000;
    const score = backends[i]!.weight / -Math.log(point);
    if (score > bestScore) {
      best = i;
      bestScore = score;
    }
  }
  return best;
}
