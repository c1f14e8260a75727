import type { RE2JS } from "re2js";

/** How a value is compared: exactly, or by a regular expression that must match all of it. */
export interface TextMatch {
  readonly type: "Exact" | "RegularExpression";
  readonly value: string;
}

export type TextTest = (text: string) => boolean;

/** Compiles a pattern in the syntax of RE2; one that is none matches nothing. The time to test a text grows with its length and never faster. */
export type RegexEngine = (pattern: string) => TextTest;

/**
 * Loads the engine, which only those need who have a regular expression: V8's own may take time that doubles with
 * each character, and who writes a request would choose how long. Envoy's `safe_regex` is RE2 for the same reason.
 */
export async function loadRegexEngine(): Promise<RegexEngine> {
  const { RE2JS } = await import("re2js");
  return (pattern) => {
    const compiled = compiledBy(RE2JS, pattern);
    return compiled === undefined ? () => false : (text) => compiled.matches(text);
  };
}

/** Policy is checked before it is sent; what came wrong all the same must not take the sidecar down. */
function compiledBy(engine: typeof RE2JS, pattern: string): RE2JS | undefined {
  try {
    return engine.compile(pattern);
  } catch {
    return undefined;
  }
}

/** @throws Error when there is a regular expression and no engine was given */
export function textTest({ type, value }: TextMatch, regex: RegexEngine | undefined): TextTest {
  if (type === "Exact") return (text) => text === value;
  if (regex === undefined) throw new Error("a regular expression needs the engine to be loaded");
  return regex(value);
}
