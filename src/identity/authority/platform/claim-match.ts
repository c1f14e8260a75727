/** What a claim must be: a text (with `*` for parts), a number, a bool, or an object of such. */
export type ClaimPattern = string | number | boolean | { readonly [claim: string]: ClaimPattern };

/** What texts of platforms are made of: `system:serviceaccount:shop:orders`, `repo:org/name:ref:refs/heads/main`. */
const SEPARATOR = /[:/]/;

/**
 * Whether claims are as a rule wants them. `*` stands for exactly one whole part between `:` and `/`, never for a piece of
 * one, nor for several; of a list one member has to fit. No regular expressions: a rule is read by whoever audits it.
 */
export function fits(pattern: ClaimPattern, value: unknown): boolean {
  if (Array.isArray(value)) return value.some((member) => !Array.isArray(member) && fits(pattern, member));
  if (typeof pattern === "string") return typeof value === "string" && textFits(pattern, value);
  if (typeof pattern !== "object") return pattern === value;
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(pattern).every(
    ([claim, inner]) => Object.hasOwn(value, claim) && fits(inner, (value as Record<string, unknown>)[claim]),
  );
}

function textFits(pattern: string, text: string): boolean {
  if (!pattern.includes("*")) return pattern === text;
  const wanted = pattern.split(SEPARATOR);
  const found = text.split(SEPARATOR);
  if (wanted.length !== found.length || separators(pattern) !== separators(text)) return false;
  return wanted.every((part, i) => (part === "*" ? found[i] !== "" : part === found[i]));
}

const separators = (text: string): string => text.replace(/[^:/]/g, "");

/** Whether every `*` stands for a whole part. */
export const isPattern = (text: string): boolean =>
  text.split(SEPARATOR).every((part) => part === "*" || !part.includes("*"));
