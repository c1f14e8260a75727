import type { PolicyCount } from "../columns.ts";

/** How the calls of a service can be told apart. Those by callee are the calls that it makes, all others those it gets. */
export const DIMENSIONS = ["version", "caller", "callee", "route", "instance"] as const;
export type Dimension = (typeof DIMENSIONS)[number];

const OF_CALLER = ["retries", "hedges", "ejections", "parked", "limited"] as const;

/** What policy did is told of some sides only: elsewhere it is not zero, but not known. */
export const POLICY_BY: Readonly<Record<Dimension, readonly PolicyCount[]>> = {
  ...{ version: [], route: [] },
  ...{ caller: OF_CALLER, callee: OF_CALLER },
  instance: ["queued", "shed", "overloaded"],
};
