import { isDeepStrictEqual } from "node:util";
import { plainPath } from "../../access/plain-path.ts";
import type { AccessRule, Authorization } from "../../resources/authorization.ts";
import type { Finding, FindingCode } from "../../resources/finding.ts";
import type { ServicePolicy } from "../../resources/service-policy.ts";
import { found, type Judged } from "./judged.ts";

const AT = "spec.authorization";

/** What of an authorization changes nothing, or can never be. */
export const access = (set: readonly Judged[]): Finding[] =>
  set.flatMap((one) => {
    const { resource } = one;
    if (resource.kind === "MeshPolicy" && resource.spec.authorization === undefined)
      return [found("no-effect", one, "spec", "the policy of the mesh says nothing")];
    if (resource.kind !== "ServicePolicy" || resource.spec.authorization === undefined) return [];
    const { authorization } = resource.spec;
    const about = (path: string, message: string, code: FindingCode = "no-effect", cure?: string) =>
      found(code, one, `${AT}${path}`, message, cure);
    return [...ofDefaults(authorization, about), ...ofRules(authorization, resource.spec, about)];
  });

type About = (path: string, message: string, code?: FindingCode, cure?: string) => Finding;

function ofDefaults({ default: byDefault, rules }: Authorization, about: About): Finding[] {
  if (byDefault === undefined && rules.length === 0)
    return [
      about(
        "",
        "it has neither rules nor a default",
        "no-effect",
        "write rules or a default, or leave it out",
      ),
    ];
  const isIdle = (action: AccessRule["action"]) =>
    byDefault === action && !rules.some((rule) => rule.action !== action);
  return rules.flatMap(({ action }, i) =>
    byDefault === "allow" && action === "allow"
      ? [
          about(
            `.rules[${i}]`,
            "it allows what the default allows anyway",
            "no-effect",
            "leave default out, or write deny",
          ),
        ]
      : isIdle(action)
        ? [about(`.rules[${i}]`, "it denies what the default denies anyway, as no rule allows anything")]
        : [],
  );
}

function ofRules(authorization: Authorization, spec: ServicePolicy["spec"], about: About): Finding[] {
  const { rules, mode } = authorization;
  return rules.flatMap((rule, i) => {
    const at = `.rules[${i}]`;
    const before = rules.findIndex((other, j) => other !== rule && hides(other, rule, j < i, mode));
    return [
      ...(before < 0
        ? []
        : [about(at, `${rules[before]!.name} takes all of its calls before it`, "shadowed")]),
      ...(rule.claims !== undefined && spec.authentication === undefined
        ? [
            about(
              `${at}.claims`,
              "no token is verified, so no call has claims, and the rule takes none",
              "no-effect",
              "add authentication to the policy, or leave claims out",
            ),
          ]
        : []),
      ...(rule.mode === "shadow" && mode === "shadow"
        ? [about(`${at}.mode`, "the whole authorization is in shadow already")]
        : []),
      ...(rule.to ?? []).flatMap(({ paths = [] }, j) =>
        paths.flatMap(({ type, value }, k) =>
          type === "RegularExpression" || plainPath(value) !== undefined
            ? []
            : [
                about(
                  `${at}.to[${j}].paths[${k}].value`,
                  "a request with such a path is denied in any case, because it can be read in two ways",
                  "no-effect",
                  'write the path without ";" and without escapes of characters that need none',
                ),
              ],
        ),
      ),
    ];
  });
}

/** Whether `rule` is never asked because of `other`: a deny rule that takes all of it, or an earlier one that ends the same. */
function hides(
  other: AccessRule,
  rule: AccessRule,
  isEarlier: boolean,
  mode: Authorization["mode"],
): boolean {
  if (other.action !== rule.action ? other.action === "allow" : !isEarlier) return false;
  if (other.mode === "shadow" && rule.mode === "enforce" && mode === "enforce") return false;
  const callers = other.from?.services;
  return (
    (callers === undefined || rule.from?.services.every((one) => callers.includes(one)) === true) &&
    (other.claims === undefined || isDeepStrictEqual(other.claims, rule.claims)) &&
    (other.to === undefined ||
      (rule.to?.every((kind) => other.to!.some((wide) => covers(wide, kind))) ?? false))
  );
}

type To = NonNullable<AccessRule["to"]>[number];

function covers(wide: To, narrow: To): boolean {
  const { methods, paths, headers = [] } = wide;
  return (
    (methods === undefined || narrow.methods?.every((one) => methods.includes(one)) === true) &&
    (paths === undefined ||
      narrow.paths?.every((one) => paths.some((path) => takesPath(path, one))) === true) &&
    headers.every((header) => narrow.headers?.some((one) => isDeepStrictEqual(one, header)) === true)
  );
}

type Path = NonNullable<To["paths"]>[number];

function takesPath(wide: Path, narrow: Path): boolean {
  if (isDeepStrictEqual(wide, narrow)) return true;
  if (wide.type !== "PathPrefix") return false;
  const prefix = wide.value.replace(/\/$/, "");
  if (narrow.type === "RegularExpression") return prefix === "";
  return `${narrow.value}/`.startsWith(`${prefix}/`);
}
