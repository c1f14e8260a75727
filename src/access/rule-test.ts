import type { AccessRule } from "../resources/authorization.ts";
import { type RegexEngine, textTest } from "../routing/text-match.ts";
import type { Asking } from "./asking.ts";
import { claimTest } from "./claims.ts";
import { pathTest } from "./path-test.ts";
import { anyCaseTest, membersOf } from "./wide-text.ts";

type To = NonNullable<AccessRule["to"]>[number];
type Header = NonNullable<To["headers"]>[number];

/** @param path the plain one of the call; empty when no rule looks at it */
export type RuleTest = (asking: Asking, path: string) => boolean;

/**
 * Whether a rule takes a request; who calls was asked before. A deny rule reads a request widely and an allow rule
 * narrowly, wherever apps differ, so that no way to write a request slips past a deny rule, or into an allow rule.
 * @returns undefined when it takes every request
 */
export function ruleTest(
  { action, to, claims = [] }: AccessRule,
  regex: RegexEngine | undefined,
): RuleTest | undefined {
  const kinds = to?.map((one) => kindTest(one, action === "deny", regex));
  const claimTests = claims.map(claimTest);
  if (kinds === undefined && claimTests.length === 0) return undefined;
  return (asking, path) => {
    if (kinds !== undefined && !kinds.some((test) => test(asking, path))) return false;
    const { claims: held } = asking;
    return claimTests.length === 0 || (held !== undefined && claimTests.every((test) => test(held)));
  };
}

function kindTest(
  { methods, paths, headers = [] }: To,
  isWide: boolean,
  regex: RegexEngine | undefined,
): RuleTest {
  const pathTests = paths?.map((path) => pathTest(path, isWide, regex));
  const headerTests = headers.map((header) => headerTest(header, isWide, regex));
  const allMethods = methods && new Set(isWide ? withHead(methods) : methods);
  return (asking, path) =>
    (allMethods === undefined || allMethods.has(asking.method)) &&
    (pathTests === undefined || pathTests.some((test) => test(path))) &&
    headerTests.every((test) => test(asking));
}

/** What GET does, HEAD makes the app do, too (RFC 9110 section 9.3.2). */
const withHead = (methods: readonly string[]): readonly string[] =>
  methods.includes("GET") ? [...methods, "HEAD"] : methods;

/**
 * Of several lines an app may see the first, the last or all as a list (RFC 9110 section 5.3), of a list any member, and
 * behind CGI names (`asking.ts`) other spellings as the same field. So an allow rule takes a field that is there in one
 * spelling only, and all of it.
 */
function headerTest(
  header: Header,
  isWide: boolean,
  regex: RegexEngine | undefined,
): (asking: Asking) => boolean {
  const name = header.name.toLowerCase();
  if (isWide) return wideHeaderTest(header, name, regex);
  const test = textTest(header, regex);
  return (asking) => {
    const lines = asking.fields(name);
    if (lines.length === 0 || asking.fieldsLike(name).length !== lines.length) return false;
    return test(lines.length === 1 ? lines[0]! : lines.join(", "));
  };
}

function wideHeaderTest(
  header: Header,
  name: string,
  regex: RegexEngine | undefined,
): (asking: Asking) => boolean {
  const test = anyCaseTest(header, regex);
  return (asking) => {
    const lines = asking.fieldsLike(name);
    if (lines.length === 0) return false;
    return lines.some(test) || test(lines.join(", ")) || lines.some((line) => membersOf(line).some(test));
  };
}
