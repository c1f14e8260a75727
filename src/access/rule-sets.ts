import type { AccessRule, Authorization, MeshAuthorization } from "../resources/authorization.ts";

/** What becomes of a call, and the name of what says so: of a rule, or one of `NAMES`. */
export interface Verdict {
  readonly verdict: "allow" | "deny";
  readonly rule: string;
}

/** No rule can have such a name. */
export const NAMES = {
  /** No rule takes the call, and the policy of the service says what then. */
  default: "(default)",
  /** The same, but the mesh says it. */
  mesh: "(mesh default)",
  /** The request could be read in two ways, and a rule looks at what is in doubt. */
  ambiguous: "(ambiguous request)",
} as const;

/** Rules that hold together. */
export interface RuleSet {
  readonly rules: readonly AccessRule[];
  readonly byDefault: Verdict;
}

export interface RuleSets {
  readonly enforced: RuleSet;
  /** As if nothing were in shadow; undefined when nothing is. */
  readonly trial: RuleSet | undefined;
}

/** What is enforced, and what would be. Rules in shadow are as if they were not written. */
export function ruleSetsOf(
  authorization: Authorization | undefined,
  mesh: MeshAuthorization | undefined,
): RuleSets {
  const { rules = [], mode } = authorization ?? {};
  const inShadow = mode === "shadow";
  const live = inShadow ? [] : rules.filter((rule) => rule.mode === "enforce");
  const meshNow = mesh?.mode === "enforce" ? mesh.default : "allow";
  return {
    enforced: setOf(live, inShadow ? undefined : authorization?.default, meshNow),
    trial:
      inShadow || mesh?.mode === "shadow" || live.length < rules.length
        ? setOf(rules, authorization?.default, mesh?.default ?? "allow")
        : undefined,
  };
}

/** A rule that allows something says by that, as in Istio, that the rest is not allowed. */
function setOf(
  rules: readonly AccessRule[],
  own: Verdict["verdict"] | undefined,
  mesh: Verdict["verdict"],
): RuleSet {
  const byDefault = own ?? (rules.some(({ action }) => action === "allow") ? "deny" : undefined);
  return {
    rules,
    byDefault:
      byDefault === undefined
        ? { verdict: mesh, rule: NAMES.mesh }
        : { verdict: byDefault, rule: NAMES.default },
  };
}

/** What is asked about the calls of one service. */
export interface CallerRules {
  readonly deny: readonly AccessRule[];
  readonly allow: readonly AccessRule[];
  readonly byDefault: Verdict;
}

/** @param caller undefined for whoever no rule names */
export function rulesFor({ rules, byDefault }: RuleSet, caller: string | undefined): CallerRules {
  const own = (action: Verdict["verdict"]) =>
    untilFirstOfAll(
      rules.filter(
        (rule) =>
          rule.action === action &&
          (rule.from === undefined || (caller !== undefined && rule.from.services.includes(caller))),
      ),
    );
  return { deny: own("deny"), allow: own("allow"), byDefault };
}

/** Takes every request of the callers that it is about. */
export const takesAll = ({ to, claims }: AccessRule): boolean => to === undefined && claims === undefined;

/** What comes after a rule that takes all is never asked. */
function untilFirstOfAll(rules: readonly AccessRule[]): readonly AccessRule[] {
  const last = rules.findIndex(takesAll);
  return last < 0 ? rules : rules.slice(0, last + 1);
}

/** The callers that some rule names. */
export const callersIn = ({ rules }: Pick<RuleSet, "rules">): ReadonlySet<string> =>
  new Set(rules.flatMap(({ from }) => from?.services ?? []));

/** Whether some call of that service may be allowed; then what it asks has to be looked at. */
export function mayEver(set: RuleSet, caller: string | undefined): boolean {
  const { deny, allow, byDefault } = rulesFor(set, caller);
  return !deny.some(takesAll) && (allow.length > 0 || byDefault.verdict === "allow");
}
