import type { AccessRule, Authorization, MeshAuthorization } from "../resources/authorization.ts";
import { callersIn, mayEver, type RuleSet, ruleSetsOf, rulesFor, type Verdict } from "./rule-sets.ts";

/** One thing that is asked about the calls of a caller. */
export interface ListedRule extends Verdict {
  /** The calls that it takes, in words: `POST /charge, header x-team=a`; `anything else` for a default. */
  readonly what: string;
  readonly mode: "enforce" | "shadow";
}

/** What one caller may ask of a service. */
export interface ListedCaller {
  /** Undefined for everybody whom no rule names. */
  readonly caller: string | undefined;
  /** Whether the broker lets it send to the service. */
  readonly maySend: boolean;
  /** In the order in which they are asked; the first that takes a call decides. */
  readonly rules: readonly ListedRule[];
}

/** Who may call a service, and what, and by which rule: for people to look through. */
export function listAccess(
  authorization: Authorization | undefined,
  mesh: MeshAuthorization | undefined,
): ListedCaller[] {
  const { enforced, trial } = ruleSetsOf(authorization, mesh);
  const all = trial ?? enforced;
  return [...[...callersIn(all)].sort(), undefined].map((caller) => ({
    caller,
    maySend: mayEver(enforced, caller),
    rules: rulesOf(enforced, all, caller),
  }));
}

function rulesOf(enforced: RuleSet, all: RuleSet, caller: string | undefined): ListedRule[] {
  const { deny, allow } = rulesFor(all, caller);
  const listed = [...deny, ...allow].map((rule) => ({
    ...{ verdict: rule.action, rule: rule.name, what: ruleInWords(rule) },
    mode: enforced.rules.includes(rule) ? ("enforce" as const) : ("shadow" as const),
  }));
  const isSame =
    enforced.byDefault.verdict === all.byDefault.verdict && enforced.byDefault.rule === all.byDefault.rule;
  const rest = { what: "anything else" };
  return [
    ...listed,
    { ...enforced.byDefault, ...rest, mode: "enforce" },
    ...(isSame ? [] : [{ ...all.byDefault, ...rest, mode: "shadow" as const }]),
  ];
}

/** The calls that a rule takes, besides who makes them. */
export function ruleInWords({ to, claims = [] }: AccessRule): string {
  const kinds = to?.map(kindInWords).join(" or ") ?? "anything";
  const held = claims.map(({ name, values }) => `claim ${name}${values ? `=${values.join("|")}` : ""}`);
  return [kinds, ...held].join(", ");
}

function kindInWords({ methods, paths, headers = [] }: NonNullable<AccessRule["to"]>[number]): string {
  const target = [methods?.join("|"), paths?.map(pathInWords).join("|")].filter((part) => part !== undefined);
  const fields = headers.map(
    ({ type, name, value }) => `header ${name}${type === "Exact" ? "=" : "~"}${value}`,
  );
  return [...(target.length > 0 ? [target.join(" ")] : []), ...fields].join(", ");
}

/** `/a` for that path alone, `/a/*` for all below it, too, `~…` for an expression. */
function pathInWords({ type, value }: { readonly type: string; readonly value: string }): string {
  if (type === "RegularExpression") return `~${value}`;
  return type === "Exact" ? value : `${value.replace(/\/$/, "")}/*`;
}
