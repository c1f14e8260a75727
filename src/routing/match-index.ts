import type { RequestMatch } from "../resources/match.ts";
import type { Asked } from "./asked.ts";
import { conditionsOf } from "./conditions.ts";
import { type RegexEngine, type TextTest, textTest } from "./text-match.ts";

interface Candidate<T> {
  readonly value: T;
  readonly match: RequestMatch;
  /** All but the path; undefined when there is nothing else. */
  readonly conditions: ((asked: Asked) => boolean) | undefined;
}

/**
 * Finds what takes a request: first by its path in tables, then by its other conditions, so that the time does not
 * grow with the number of rules. Precedence is the specification's (HTTPRouteRule.matches): exact path, longest
 * prefix, method, most headers, most query parameters; then the order in which the entries were given. Where it
 * leaves the place of regular expressions open, they stand between exact paths and prefixes, the longest pattern
 * first (as in Envoy Gateway): behind them, any `/` would hide them.
 */
export class MatchIndex<T> {
  readonly #exact = new Map<string, Candidate<T>[]>();
  readonly #patterns: { readonly test: TextTest; readonly candidate: Candidate<T> }[] = [];
  /** By prefix without its last slash; that of `/` is empty. */
  readonly #prefixes = new Map<string, Candidate<T>[]>();
  #longestPrefix = 0;

  /** @param regex needed when an entry has a regular expression */
  constructor(entries: readonly (readonly [match: RequestMatch, value: T])[], regex?: RegexEngine) {
    const patterns: Candidate<T>[] = [];
    for (const [match, value] of entries) {
      const { type, value: path } = match.path;
      const candidate = { value, match, conditions: conditionsOf(match, regex) };
      if (type === "Exact") add(this.#exact, path, candidate);
      else if (type === "RegularExpression") patterns.push(candidate);
      else add(this.#prefixes, withoutLastSlash(path), candidate);
    }
    for (const prefix of this.#prefixes.keys())
      this.#longestPrefix = Math.max(this.#longestPrefix, prefix.length);
    for (const candidates of [...this.#exact.values(), ...this.#prefixes.values()])
      candidates.sort(byPrecedence);
    patterns.sort((a, b) => patternOf(b).length - patternOf(a).length || byPrecedence(a, b));
    const tests = new Map<string, TextTest>();
    for (const candidate of patterns) {
      const value = patternOf(candidate);
      const test = tests.get(value) ?? textTest({ type: "RegularExpression", value }, regex);
      tests.set(value, test);
      this.#patterns.push({ test, candidate });
    }
  }

  /** @returns undefined when nothing takes the request */
  find(asked: Asked): T | undefined {
    const exact = this.#exact.size === 0 ? undefined : firstOf(this.#exact.get(asked.path), asked);
    return (exact ?? this.#byPattern(asked) ?? this.#byPrefix(asked))?.value;
  }

  #byPattern(asked: Asked): Candidate<T> | undefined {
    if (this.#patterns.length === 0) return undefined;
    // An expression costs the most, so it is asked last, and only once however many entries have it.
    const failed = new Set<TextTest>();
    for (const { test, candidate } of this.#patterns) {
      if (failed.has(test) || candidate.conditions?.(asked) === false) continue;
      if (test(asked.path)) return candidate;
      failed.add(test);
    }
    return undefined;
  }

  /** A prefix ends where an element of the path does: `/abc` takes `/abc/d` and not `/abcd`. */
  #byPrefix(asked: Asked): Candidate<T> | undefined {
    const { path } = asked;
    let end = path.length;
    // No cut behind the longest prefix can be one: a path of a thousand slashes is not looked up a thousand times.
    if (end > this.#longestPrefix) end = path.lastIndexOf("/", this.#longestPrefix);
    for (; end > 0; end = path.lastIndexOf("/", end - 1)) {
      const found = firstOf(this.#prefixes.get(path.slice(0, end)), asked);
      if (found !== undefined) return found;
    }
    return firstOf(this.#prefixes.get(""), asked);
  }
}

const patternOf = ({ match }: Candidate<unknown>): string => match.path.value;

function firstOf<T>(candidates: readonly Candidate<T>[] | undefined, asked: Asked): Candidate<T> | undefined {
  if (candidates === undefined) return undefined;
  for (const candidate of candidates)
    if (candidate.conditions === undefined || candidate.conditions(asked)) return candidate;
  return undefined;
}

function add<T>(to: Map<string, Candidate<T>[]>, key: string, candidate: Candidate<T>): void {
  const there = to.get(key);
  if (there === undefined) to.set(key, [candidate]);
  else there.push(candidate);
}

export const withoutLastSlash = (path: string): string => (path.endsWith("/") ? path.slice(0, -1) : path);

/** Sorting is stable, so the order given decides ties. */
const byPrecedence = ({ match: a }: Candidate<unknown>, { match: b }: Candidate<unknown>): number =>
  Number(b.method !== undefined) - Number(a.method !== undefined) ||
  (b.headers?.length ?? 0) - (a.headers?.length ?? 0) ||
  (b.queryParams?.length ?? 0) - (a.queryParams?.length ?? 0);
