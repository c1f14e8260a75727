import { Balancer, type BalancerParts, type BalancerPolicy } from "../../../sidecar/balance/balancer.ts";
import { Endpoint } from "../../../sidecar/balance/endpoint.ts";
import { PeakLatency } from "../../../sidecar/balance/latency.ts";
import { BALANCE, type BalanceSettings } from "../../../sidecar/balance/settings.ts";
import { BREAKER, type BreakerSettings } from "../../../sidecar/breaker/settings.ts";
import { hashText } from "../../../sidecar/policy/hash.ts";
import { NO_BODY } from "../../../sidecar/stack/body.ts";
import type { Call } from "../../../sidecar/stack/call.ts";
import { failed, type Outcome, type Replied } from "../../../sidecar/stack/outcome.ts";
import type { InstanceRow } from "../../../src/registry/wire.ts";
import { aCall } from "../../support/calls.ts";
import { seeded } from "../../support/random.ts";

export const answer = (status: number, headers = ""): Replied => ({
  ...{ kind: "replied", status, reason: "", headers, body: NO_BODY, instance: "" },
});

export const row = (instance: string, changes: Partial<InstanceRow> = {}): InstanceRow => ({
  ...{ service: "orders", instance, version: "1", startedAt: 1 },
  ...changes,
});

/** Rows `a`, `b`, `c` … */
export const rows = (count: number, changes: Partial<InstanceRow> = {}): InstanceRow[] =>
  Array.from({ length: count }, (_, i) => row(String.fromCharCode(97 + i), changes));

export const aBalancedCall = (user?: string, target: Call["target"] = { kind: "any" }): Call =>
  Object.assign(aCall({ target, ...(user === undefined ? {} : { headers: user }) }), {
    version: "",
    tried: undefined,
  });

/** Endpoints that nothing is wrong with. */
export const endpoints = (names: readonly string[], newSince = Number.NEGATIVE_INFINITY): Endpoint[] =>
  names.map((name) => {
    const parts = { random: () => 0, retryAfterMs: () => undefined, changed: () => undefined };
    return new Endpoint(row(name), parts, new PeakLatency(0, 0), newSince);
  });

/** The headers of a test's call are its user. */
export const userOf = (call: Call): string | undefined =>
  call.head.headers.startsWith("user") ? call.head.headers : undefined;

interface Wanted {
  readonly balance?: Partial<BalanceSettings>;
  readonly breaker?: Partial<BreakerSettings>;
  readonly parts?: Partial<BalancerParts>;
}

export const policy = ({ balance = {}, breaker = {} }: Wanted = {}): BalancerPolicy => ({
  balance: { ...BALANCE, slowStartMs: 0, ...balance },
  breaker: { ...BREAKER, ...breaker },
  keyOf: userOf,
});

export const aBalancer = (wanted: Wanted = {}): Balancer =>
  new Balancer(
    {
      zone: undefined,
      random: seeded(1),
      hash: hashText,
      retryAfterMs: ({ headers }) => (headers === "" ? undefined : Number(headers)),
      ejected: () => undefined,
      ...wanted.parts,
    },
    policy(wanted),
  );

/** How many of `calls` picks each instance gets; nothing begins. */
export function shares(
  balancer: Balancer,
  calls: number,
  now: number,
  call: Call = aBalancedCall(),
): Record<string, number> {
  const picker = balancer.picker(undefined);
  const counts: Record<string, number> = {};
  for (let i = 0; i < calls; i++) {
    const name = picker.pick(call, now)?.instance ?? "broker";
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** Calls of one instance that end at once. */
export const ends = (balancer: Balancer, instance: string, outcome: Outcome, times = 1, now = 0, ms = 1) => {
  const endpoint = balancer.endpoint(instance)!;
  for (let i = 0; i < times; i++) endpoint.ended(outcome, ms, now, endpoint.began(now));
};

export const eject = (balancer: Balancer, ...instances: string[]) => {
  for (const instance of instances) ends(balancer, instance, answer(500), 7);
};

export const known = (list: readonly InstanceRow[], wanted: Parameters<typeof aBalancer>[0] = {}) => {
  const balancer = aBalancer({ ...wanted, balance: { policy: "random", ...wanted.balance } });
  balancer.update(list, 0);
  return balancer;
};

export const namesOf = (balancer: Balancer, now = 0) => Object.keys(shares(balancer, 500, now)).sort();

export const refusal = (code: string): Outcome => failed(code as "draining", "no", "");
