import { findProgram } from "../find-program.ts";
import { runLoad } from "../roles.ts";
import type { Generator, HttpTarget, LoadResult } from "./result.ts";
import { wrkGenerator } from "./wrk.ts";

/** What makes closed loops on this machine, in a word for the report. */
export const closedLoopGenerator = (): string => (findProgram("wrk") ? "wrk (1 thread)" : "autocannon");

/** The generator for an HTTP target: wrk where it is installed, else autocannon; open loops by the bench itself. */
export function httpGenerator(self: readonly string[], folder: string, target: HttpTarget): Generator {
  const wrk = findProgram("wrk");
  const role =
    (name: string): Generator =>
    (scenario, timing, measuring) =>
      runLoad<LoadResult>(self, name, { target, scenario, ...timing }, measuring);
  const closed = wrk ? wrkGenerator(wrk, folder, target) : role("autocannon-load");
  const open = role("open-load");
  return (scenario, timing, measuring) =>
    (scenario.load.kind === "closed" ? closed : open)(scenario, timing, measuring);
}
