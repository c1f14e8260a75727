import type { Bus } from "../src/bus/bus.ts";
import type { Subjects } from "../src/subjects/subjects.ts";
import type { Limits, Say } from "./options.ts";
import type { Sweep } from "./stack/sweep.ts";

/** What both sides of a sidecar have in common. */
export interface Context {
  readonly bus: Bus;
  readonly sweep: Sweep;
  readonly subjects: Subjects;
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  readonly limits: Limits;
  readonly say: Say;
}

/** A bug is told, and costs one call. */
export const reportBug =
  (say: Say) =>
  (error: unknown): void =>
    say(
      "error",
      `a fault of the sidecar itself: ${error instanceof Error ? error.stack : String(error)}`,
      "bug",
    );
