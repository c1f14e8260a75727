import { RE2JS } from "re2js";
import { type Finding, finding } from "./finding.ts";
import { type Path, pathText } from "./path.ts";
import { isObject, objects, type Rough } from "./rule.ts";

/**
 * Instructions of one compiled expression. Testing a text takes time in proportion to its length times this: at most
 * 0.1 s for a header field of 8 KiB, as measured. Envoy knows such a limit as `re2.max_program_size.error_level`.
 */
const MAX_PROGRAM = 500;
/** Instructions of all expressions of a resource together: compiling them takes some tens of milliseconds. */
const MAX_PROGRAMS = 50_000;
/** The standard's longest value; a longer one is a finding of the schema. */
const MAX_LENGTH = 4096;

/** Findings about the regular expressions of a resource that is not yet checked; RE2 syntax, because RE2 cannot hang. */
export function regexFindings(value: unknown, where: Pick<Finding, "document" | "resource">): Finding[] {
  const findings: Finding[] = [];
  let total = 0;
  for (const { path, pattern } of regexesOf(value)) {
    const at = { ...where, path: pathText(path) };
    if (total > MAX_PROGRAMS) {
      findings.push(
        finding("too-large", at, "the regular expressions of the resource are too costly all together"),
      );
      break;
    }
    const compiled = compile(pattern);
    total += typeof compiled === "number" ? compiled : pattern.length;
    if (typeof compiled === "string")
      findings.push(
        finding(
          "invalid-value",
          at,
          `the regular expression cannot be read: ${compiled}`,
          "write it in RE2 syntax, which has no look-around and no back-references",
        ),
      );
    else if (compiled > MAX_PROGRAM)
      findings.push(
        finding(
          "too-large",
          at,
          `the regular expression needs ${compiled} steps, and at most ${MAX_PROGRAM} are allowed`,
          "use smaller counts, or + and * instead of them",
        ),
      );
  }
  return findings;
}

function compile(pattern: string): number | string {
  try {
    return RE2JS.compile(pattern).programSize();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return text.replace(/^error parsing regexp: /, "").slice(0, 200);
  }
}

interface Regex {
  readonly path: Path;
  readonly pattern: string;
}

function* regexesOf(value: unknown): Generator<Regex> {
  const spec = isObject(value) && isObject(value.spec) ? value.spec : {};
  for (const list of ["rules", "faults"])
    for (const [i, holder] of objects(spec[list]).entries())
      for (const [j, match] of objects(holder.matches).entries())
        yield* ofMatch(match, ["spec", list, i, "matches", j]);
  const { rules } = isObject(spec.authorization) ? spec.authorization : {};
  for (const [i, rule] of objects(rules).entries())
    for (const [j, to] of objects(rule.to).entries()) {
      const at = ["spec", "authorization", "rules", i, "to", j];
      yield* ofMatch(to, at);
      for (const [k, path] of objects(to.paths).entries()) yield* ofCondition(path, [...at, "paths", k]);
    }
}

function* ofMatch(match: Rough, at: Path): Generator<Regex> {
  yield* ofCondition(match.path, [...at, "path"]);
  for (const list of ["headers", "queryParams"])
    for (const [i, condition] of objects(match[list]).entries())
      yield* ofCondition(condition, [...at, list, i]);
}

function* ofCondition(condition: unknown, at: Path): Generator<Regex> {
  if (!isObject(condition) || condition.type !== "RegularExpression") return;
  const { value } = condition;
  if (typeof value === "string" && value.length <= MAX_LENGTH)
    yield { path: [...at, "value"], pattern: value };
}
