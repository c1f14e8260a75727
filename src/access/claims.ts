/** A rule's condition on a claim. */
export interface ClaimMatch {
  /** `sub`, or `realm_access[roles]` for a claim within a claim. */
  readonly name: string;
  /** Any when absent. */
  readonly values?: readonly string[];
}

type Claims = Readonly<Record<string, unknown>>;
export type ClaimTest = (claims: Claims) => boolean;

export function claimTest({ name, values }: ClaimMatch): ClaimTest {
  const steps = name.split("[").map((step) => step.replace(/\]$/, ""));
  const wanted = values && new Set(values);
  // RFC 8693 section 4.2: a list, written as one text.
  const isScope = name === "scope";
  return (claims) => {
    const found = steps.reduce<unknown>(inside, claims);
    if (found === undefined || found === null) return false;
    if (wanted === undefined) return true;
    const held = isScope && typeof found === "string" ? found.split(" ") : found;
    if (!Array.isArray(held)) return wanted.has(textOf(held));
    return held.some((one) => wanted.has(textOf(one)));
  };
}

/** Own fields only: `constructor` is no claim. */
const inside = (value: unknown, step: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, step)
    ? (value as Claims)[step]
    : undefined;

/** Objects have no text: the empty one is no value that a rule can have. */
const textOf = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";
