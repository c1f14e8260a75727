import type { Behaviour } from "./app.ts";

export const INSTANCES = 5;

/** Far below what the instances carry together (4,000/s), but more than one of them carries when it is slow (80/s). */
export const RATE_PER_S = 600;

/** What is answered later than this is of no use to its caller. */
export const IN_TIME_MS = 500;

const WELL: Behaviour = { workMs: 10, status: 200 };

/** How the first of the instances does; the others do well. */
const SITUATIONS = {
  "all well": WELL,
  "one slow": { ...WELL, workMs: 10 * WELL.workMs },
  "one failing": { ...WELL, status: 503 },
} as const satisfies Readonly<Record<string, Behaviour>>;

export type Situation = keyof typeof SITUATIONS;

/** Of them the last is the default. */
export const POLICIES = ["queue-group", "round-robin", "peak-ewma"] as const;

export type BalancePolicy = (typeof POLICIES)[number];

export const DEFAULT: BalancePolicy = "peak-ewma";

/** What one measurement is of. */
export interface Cell {
  readonly situation: Situation;
  readonly policy: BalancePolicy;
}

export const CELLS: readonly Cell[] = (Object.keys(SITUATIONS) as Situation[]).flatMap((situation) =>
  POLICIES.map((policy) => ({ situation, policy })),
);

export const behavioursIn = (situation: Situation): Behaviour[] =>
  Array.from({ length: INSTANCES }, (_, i) => (i === 0 ? SITUATIONS[situation] : WELL));

/** `balance` of the service, and defaults for all the rest. */
export const policyText = (service: string, policy: BalancePolicy): string => `apiVersion: weft.dev/v1
kind: ServicePolicy
metadata: { name: ${service} }
spec:
  balance: { policy: ${policy} }
`;
