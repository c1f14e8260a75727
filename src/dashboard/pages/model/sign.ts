import type { Health } from "../data/answers.ts";

/** How good something is, by a shape and a word besides the colour: not everybody tells red from green. */
export interface Sign {
  /** Of the style sheet: `ok`, `idle`, `fair`, `bad`. */
  readonly tone: "ok" | "idle" | "fair" | "bad";
  readonly mark: string;
  readonly word: string;
}

const SIGNS: Readonly<Record<Health, Sign>> = {
  ok: { tone: "ok", mark: "●", word: "ok" },
  idle: { tone: "idle", mark: "○", word: "idle" },
  degraded: { tone: "fair", mark: "▲", word: "degraded" },
  failing: { tone: "bad", mark: "■", word: "failing" },
  down: { tone: "bad", mark: "✕", word: "down" },
};

export const signOf = (health: Health): Sign => SIGNS[health] ?? SIGNS.idle;

/** The shares at which the registry calls a service degraded and failing, for calls that it gives no word for. */
export const DEGRADED_BELOW = 0.99;
export const FAILING_BELOW = 0.9;

export const healthOfCalls = (success: number | null): Health => {
  if (success === null) return "idle";
  if (success < FAILING_BELOW) return "failing";
  return success < DEGRADED_BELOW ? "degraded" : "ok";
};
