import type { RequestMatch } from "../resources/match.ts";
import { withoutLastSlash } from "../routing/match-index.ts";
import { type RegexEngine, type TextTest, textTest } from "../routing/text-match.ts";

type PathMatch = RequestMatch["path"];

/**
 * Whether a plain path (`plainPath`) is the one of a rule. A deny rule reads it widely and an allow rule narrowly: many
 * apps take `/Admin` and `/admin/` for `/admin`, so a deny rule does, too, and an allow rule does not.
 */
export function pathTest(match: PathMatch, isWide: boolean, regex: RegexEngine | undefined): TextTest {
  const { type, value } = match;
  if (type === "RegularExpression") return expression(value, isWide, regex);
  const wanted = asCompared(upperEscapes(value), isWide);
  if (type === "Exact") return (path) => asCompared(path, isWide) === wanted;
  const prefix = withoutLastSlash(wanted);
  return (path) => {
    const compared = asCompared(path, isWide);
    // A prefix ends where a segment does (HTTPPathMatch, "PathPrefix").
    return (
      compared.startsWith(prefix) &&
      (compared.length === prefix.length || prefix === "" || compared[prefix.length] === "/")
    );
  };
}

function expression(value: string, isWide: boolean, regex: RegexEngine | undefined): TextTest {
  const test = textTest({ type: "RegularExpression", value: isWide ? `(?i:${value})` : value }, regex);
  return isWide ? (path) => test(path) || test(withoutLastSlash(path)) || test(`${path}/`) : test;
}

const asCompared = (path: string, isWide: boolean): string =>
  isWide ? withoutLastSlash(path).toLowerCase() : path;

/** Both are the same escape (RFC 3986 section 6.2.2.1). */
const upperEscapes = (path: string): string =>
  path.replace(/%[0-9a-f]{2}/gi, (written) => written.toUpperCase());
