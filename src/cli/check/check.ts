import type { UpRecord } from "../up/record.ts";

/** What one look at the mesh found. */
export interface Finding {
  readonly level: "ok" | "warn" | "fail";
  /** What was looked at, such as `broker`. */
  readonly what: string;
  readonly says: string;
  /** What to do; absent when nothing is. */
  readonly cure?: string;
}

/** What all checks are told. */
export interface Scene {
  readonly state: string;
  readonly up: UpRecord | undefined;
  /** Unix ms. */
  readonly now: number;
  /** What ends within this fails. */
  readonly failBeforeMs: number;
}

/** One look at one thing. A throw counts as a failure, with its words. */
export interface Check {
  readonly what: string;
  run(scene: Scene): Promise<readonly Finding[]> | readonly Finding[];
}

export const ok = (what: string, says: string): Finding => ({ level: "ok", what, says });
export const warn = (what: string, says: string, cure: string): Finding => ({
  level: "warn",
  what,
  says,
  cure,
});
export const fail = (what: string, says: string, cure: string): Finding => ({
  level: "fail",
  what,
  says,
  cure,
});

/** Runs all checks side by side; their findings come in the order of the list. */
export async function runChecks(checks: readonly Check[], scene: Scene): Promise<Finding[]> {
  const findings = checks.map(async ({ what, run }) => {
    try {
      return await run(scene);
    } catch (error) {
      const { message, cure } = error as Error & { cure?: string };
      return [fail(what, message, cure ?? "see to that first")];
    }
  });
  return (await Promise.all(findings)).flat();
}
