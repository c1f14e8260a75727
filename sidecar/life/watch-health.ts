import type { Clock } from "../../src/registry/clock.ts";
import type { Check } from "./health.ts";

/** Often until the app is there for the first time, so that a start costs no second; then at ease. */
const STARTING_MS = 50;
const HEALTHY_MS = 2000;
const FAILING_MS = 250;
/** Failures in a row until a healthy app counts as down; Kubernetes' `failureThreshold` is 3. */
const FAILURES = 3;

export interface HealthWatch {
  /** What the last look found wrong. */
  readonly problem: () => string | undefined;
  stop(): void;
}

/**
 * Looks at the app again and again.
 * @param changed called at each change, with the reason when it is down
 */
export function watchHealth(
  check: Check,
  clock: Clock,
  changed: (up: boolean, reason: string | undefined) => void,
): HealthWatch {
  let problem: string | undefined;
  let state: "starting" | "up" | "down" = "starting";
  let failures = 0;
  let stopped = false;
  let cancel = () => {};

  const look = async () => {
    problem = await check();
    if (stopped) return;
    if (problem === undefined) {
      failures = 0;
      if (state !== "up") changed(true, undefined);
      state = "up";
    } else if (state === "up" && ++failures >= FAILURES) {
      state = "down";
      changed(false, problem);
    }
    const nextMs =
      state === "starting" ? STARTING_MS : failures > 0 || state === "down" ? FAILING_MS : HEALTHY_MS;
    cancel = clock.after(nextMs, () => void look());
  };
  void look();
  return {
    problem: () => problem,
    stop() {
      stopped = true;
      cancel();
    },
  };
}
