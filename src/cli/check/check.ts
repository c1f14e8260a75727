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
  /** GET of the registry of `up`, once for each path, however many looks want the answer. */
  ask<Answer>(path: string): Promise<Answer>;
  /** Unix ms. */
  readonly now: number;
  /** What ends within this fails. */
  readonly failBeforeMs: number;
}

/** One look at one thing. A throw counts as a failure, with its words. */
export interface Check {
  readonly what: string;
  /** The look at the part that this one asks: when that fails, it alone says why. It is before this one in the list. */
  readonly asks?: string;
  run(scene: Scene): Promise<readonly Finding[]> | readonly Finding[];
  /** What to do when there is no answer in time. */
  late?(scene: Scene): string;
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

/** Of each look: when a part hangs, whoever waits has to know within seconds. */
const WITHIN_MS = 5000;

/** Runs all checks side by side; gives the findings of each as soon as they are known, in the order of the list. */
export async function* runChecks(
  checks: readonly Check[],
  scene: Scene,
  withinMs = WITHIN_MS,
): AsyncGenerator<readonly Finding[]> {
  const looks = checks.map((check) => looked(check, scene, withinMs));
  const failed = new Set<string>();
  for (const [i, { what, asks }] of checks.entries()) {
    const { findings, couldLook } = await looks[i]!;
    if (findings.some(({ level }) => level === "fail")) failed.add(what);
    const isSaid = !couldLook && asks !== undefined && failed.has(asks);
    yield isSaid
      ? [{ level: "warn" as const, what, says: `not known while the look at the ${asks} fails` }]
      : findings;
  }
}

async function looked(
  { what, run, late }: Check,
  scene: Scene,
  withinMs: number,
): Promise<{ readonly findings: readonly Finding[]; readonly couldLook: boolean }> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    const cure = late?.(scene) ?? "is this machine very busy?";
    timer = setTimeout(
      () => reject(Object.assign(new Error(`no answer within ${withinMs / 1000} s`), { cure })),
      withinMs,
    );
  });
  try {
    return { findings: await Promise.race([(async () => run(scene))(), tooLate]), couldLook: true };
  } catch (error) {
    const { message, cure } = error as Error & { cure?: string };
    return { findings: [fail(what, message, cure ?? "see to that first")], couldLook: false };
  } finally {
    clearTimeout(timer);
  }
}
