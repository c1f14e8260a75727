import type { KeptTrace } from "../data/trace-answers.ts";
import type { Sign } from "./sign.ts";

interface Result {
  readonly status: number;
  readonly code: string;
}

/** Nothing failed: an attempt lost against another of its call, or the caller left. */
const LOST: ReadonlySet<string> = new Set(["outrun", "cancelled"]);

/** What the mesh ends by itself, and 5xx; the tail samplers of the sidecars judge alike. */
export const isFailed = ({ status, code }: Result): boolean =>
  (code !== "" || status >= 500) && !LOST.has(code);

/** The status, and the code when it was the mesh that answered. */
export function signOfResult(result: Result): Sign {
  const { status, code } = result;
  const word = [status === 0 ? "" : String(status), code].filter(Boolean).join(" ") || "no answer yet";
  if (LOST.has(code) || (status === 0 && code === "")) return { tone: "idle", mark: "○", word };
  if (isFailed(result)) return { tone: "bad", mark: "■", word };
  return { tone: "ok", mark: "●", word };
}

/** How a trace is listed: what failed in it, else that it was slow, else the status. */
export function signOfTrace({ why, longest, failed }: KeptTrace): Sign {
  if (failed !== undefined) return signOfResult(failed);
  const sign = signOfResult(longest);
  return why.includes("slow") ? { tone: "fair", mark: "▲", word: `${sign.word} slow` } : sign;
}
