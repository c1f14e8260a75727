import type { AccessRule, Authorization, MeshAuthorization } from "../resources/authorization.ts";
import type { RegexEngine } from "../routing/text-match.ts";
import { type Asking, overridesMethod } from "./asking.ts";
import { plainPath } from "./plain-path.ts";
import { callersIn, NAMES, type RuleSet, ruleSetsOf, rulesFor, takesAll, type Verdict } from "./rule-sets.ts";
import { type RuleTest, ruleTest } from "./rule-test.ts";

/** What becomes of one call. */
export interface Decision extends Verdict {
  /** What would have been denied, were nothing in shadow. */
  readonly shadow?: Verdict;
}

type Judge = (asking: Asking) => Verdict;

/** Who may call one service, and what: compiled when policy changes. */
export class Access {
  /** Everything is allowed, and nothing in shadow would deny: there is nothing to ask. */
  readonly isOpen: boolean;
  /** The header fields that enforced rules look at. */
  readonly fields: readonly string[];
  readonly #enforced: Judges;
  readonly #trial: Judges | undefined;

  /**
   * @param authorization of the service
   * @param mesh what holds where the service says nothing
   * @param regex needed when `hasExpression`
   */
  constructor(
    authorization: Authorization | undefined,
    mesh: MeshAuthorization | undefined,
    regex?: RegexEngine,
  ) {
    const { enforced, trial } = ruleSetsOf(authorization, mesh);
    this.fields = fieldsOf(enforced);
    this.#enforced = new Judges(enforced, regex);
    this.#trial = trial && new Judges(trial, regex);
    this.isOpen = allowsAll(enforced) && (trial === undefined || allowsAll(trial));
  }

  /** @param caller as the broker vouches for it */
  decide(caller: string, asking: Asking): Decision {
    const verdict = this.#enforced.of(caller)(asking);
    if (this.#trial === undefined || verdict.verdict === "deny") return verdict;
    const shadow = this.#trial.of(caller)(asking);
    return shadow.verdict === "deny" ? { ...verdict, shadow } : verdict;
  }
}

const allowsAll = ({ rules, byDefault }: RuleSet): boolean =>
  byDefault.verdict === "allow" && rules.every(({ action }) => action === "allow");

const fieldsOf = ({ rules }: RuleSet): string[] => [
  ...new Set(
    rules.flatMap(({ to = [] }) => to.flatMap(({ headers = [] }) => headers.map(({ name }) => name))),
  ),
];

/** Whether compiling needs the engine for regular expressions. */
export const hasExpression = (authorization: Authorization | undefined): boolean =>
  (authorization?.rules ?? []).some(({ to = [] }) =>
    to.some(({ paths = [], headers = [] }) =>
      [...paths, ...headers].some(({ type }) => type === "RegularExpression"),
    ),
  );

/** The rules of a set by the caller that they are about. */
class Judges {
  readonly #byCaller: ReadonlyMap<string, Judge>;
  readonly #others: Judge;

  constructor(set: RuleSet, regex: RegexEngine | undefined) {
    const tests = new Map(set.rules.map((rule) => [rule, ruleTest(rule, regex)] as const));
    const judgeOf = (caller: string | undefined) => judge(set, caller, tests);
    this.#byCaller = new Map([...callersIn(set)].map((caller) => [caller, judgeOf(caller)]));
    this.#others = judgeOf(undefined);
  }

  of(caller: string): Judge {
    return this.#byCaller.get(caller) ?? this.#others;
  }
}

const AMBIGUOUS: Verdict = { verdict: "deny", rule: NAMES.ambiguous };

function judge(
  set: RuleSet,
  caller: string | undefined,
  tests: ReadonlyMap<AccessRule, RuleTest | undefined>,
): Judge {
  const { deny, allow, byDefault } = rulesFor(set, caller);
  // Where the default allows, no allow rule decides anything.
  const rules = byDefault.verdict === "allow" ? deny : [...deny, ...allow];
  const steps = rules.map((rule) => ({
    verdict: { verdict: rule.action, rule: rule.name },
    test: tests.get(rule),
  }));
  // Nothing is left to look at: whatever is asked, it ends the same.
  const [first] = steps;
  if (first === undefined) return () => byDefault;
  if (first.test === undefined) return () => first.verdict;
  const looked = rules.filter((rule) => !takesAll(rule)).flatMap(({ to = [] }) => to);
  const looksAtPath = looked.some(({ paths }) => paths !== undefined);
  const looksAtMethod = looked.some(({ methods }) => methods !== undefined);
  return (asking) => {
    if ((looksAtPath || looksAtMethod) && asking.overridden) return AMBIGUOUS;
    const path = looksAtPath ? plainPath(asking.target) : "";
    // Some apps take `post` for POST (RFC 9110 section 9.1 says it is another method).
    if (path === undefined || (looksAtMethod && asking.method !== asking.method.toUpperCase()))
      return AMBIGUOUS;
    if (looksAtMethod && overridesMethod(asking.target)) return AMBIGUOUS;
    for (const { test, verdict } of steps) if (test === undefined || test(asking, path)) return verdict;
    return byDefault;
  };
}
