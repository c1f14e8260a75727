/** How the calls of a service can be told apart. Those by callee are the calls that it makes, all others those it gets. */
export const DIMENSIONS = ["version", "caller", "callee", "route", "instance"] as const;
export type Dimension = (typeof DIMENSIONS)[number];
