import type { BalanceMeasurement } from "../balance/measure-balance.ts";
import type { Verdict } from "../goals.ts";
import type { Machine } from "../machine.ts";
import type { Measurement } from "../measure.ts";
import type { Skipped } from "../paths/path.ts";
import type { Plan } from "../plan.ts";
import type { PolicyFigures } from "../policy/measure-policy.ts";
import type { Growth } from "../stream.ts";
import type { Row } from "../summary.ts";

/** Everything that a run found; the JSON file is just this. */
export interface Report {
  readonly machine: Machine;
  readonly plan: Plan;
  /** What each path is made of. */
  readonly titles: Readonly<Record<string, string>>;
  readonly skipped: readonly Skipped[];
  /** Memory of each process before the first request. */
  readonly idle: readonly { readonly path: string; readonly rssMiB: Readonly<Record<string, number>> }[];
  readonly rows: readonly Row[];
  readonly streams: readonly Growth[];
  /** Undefined when it was left out. */
  readonly policy: PolicyFigures | undefined;
  /** Empty when it was left out. */
  readonly balance: readonly BalanceMeasurement[];
  readonly goals: readonly Verdict[];
  readonly measurements: readonly Measurement[];
}
