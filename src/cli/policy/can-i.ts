import { exemption } from "../../../sidecar/policy/authenticate.ts";
import { Access, type Decision, hasExpression } from "../../access/access.ts";
import { type Asking, overrides } from "../../access/asking.ts";
import { mayEver, ruleSetsOf } from "../../access/rule-sets.ts";
import { loadRegexEngine } from "../../routing/text-match.ts";
import { UsageFault } from "../fault.ts";
import { nameOf } from "../flags.ts";
import type { CanIFlags } from "../verbs/can-i.ts";
import { type AccessInForce, accessInForce, brokerSide, isUnlisted, orElse2 } from "./access.ts";
import { printJson, printLine } from "./print.ts";

/** Prints whether a call would be allowed, and by which rule. The exit code is 0 for yes, 1 for no, 2 when it cannot be told. */
export async function canI(caller: string, method: string, target: string, flags: CanIFlags): Promise<void> {
  const [callee, path] = parsed(target);
  nameOf("service")(caller);
  const { authentication, authorization, mesh } = await orElse2(accessInForce(callee, flags));
  const regex = hasExpression(authorization) ? await loadRegexEngine() : undefined;
  const decision = new Access(authorization, mesh, regex).decide(caller, askingOf(method, path, flags));
  const maySend =
    mayEver(ruleSetsOf(authorization, mesh).enforced, caller) ||
    isUnlisted(caller, await orElse2(brokerSide(flags)));
  const allowed = decision.verdict === "allow";
  const needsToken = needsTokenOf(authentication, path);
  if (flags.output === "json") {
    const { rule, shadow } = decision;
    printJson({
      caller,
      method,
      callee,
      path,
      allowed,
      rule,
      needsToken,
      maySend,
      ...(shadow && { shadow }),
    });
  } else printLine(inWords(decision, { needsToken, maySend }, callee, caller));
  if (!allowed) process.exitCode = 1;
}

/** Whether the callee asks for a token of an end user; which claims are in it, only `--claim` says. */
const needsTokenOf = (authentication: AccessInForce["authentication"], path: string): boolean =>
  authentication?.required === true && !exemption(authentication.exempt ?? [])(path);

function inWords(
  { verdict, rule, shadow }: Decision,
  { needsToken, maySend }: { needsToken: boolean; maySend: boolean },
  callee: string,
  caller: string,
): string {
  if (verdict === "deny")
    return `no: ${callee} denies it by ${rule}${maySend ? "" : `; the broker takes nothing of ${caller} for it`}`;
  const later = shadow === undefined ? "" : `; in shadow, ${shadow.rule} would deny it`;
  const how = needsToken ? ", with a token of an end user" : "";
  return `yes${how}: ${callee} allows it by ${rule}${later}`;
}

/** `payments/charge?x=1` */
function parsed(target: string): [callee: string, path: string] {
  const slash = target.indexOf("/");
  const callee = nameOf("service")(slash < 0 ? target : target.slice(0, slash));
  return [callee, slash < 0 ? "/" : target.slice(slash)];
}

function askingOf(method: string, target: string, { header = [], claim = [] }: CanIFlags): Asking {
  const lines = header.map((one) => pairOf("--header", one));
  const valuesOf = (isWanted: (lower: string) => boolean) =>
    lines.filter(([name]) => isWanted(name.toLowerCase())).map(([, value]) => value);
  const block = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return {
    ...{ method, target, overridden: overrides(block) },
    fields: (wanted) => valuesOf((name) => name === wanted),
    fieldsLike: (wanted) => valuesOf((name) => dashed(name) === dashed(wanted)),
    claims: claim.length === 0 ? undefined : claimsOf(claim.map((one) => pairOf("--claim", one))),
  };
}

const dashed = (name: string): string => name.replaceAll("_", "-");

function pairOf(flag: string, text: string): [name: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1)
    throw new UsageFault(`${flag} ${JSON.stringify(text)} has no NAME=VALUE`, `give ${flag} name=value`);
  return [text.slice(0, at), text.slice(at + 1)];
}

type Claims = { [name: string]: unknown };

/** Without what objects have by birth: a claim may be called anything. */
const noClaims = (): Claims => Object.create(null) as Claims;

/** A name that is given twice is a list; `realm_access[roles]` is a claim within a claim. */
function claimsOf(pairs: readonly (readonly [string, string])[]): Claims {
  const claims = noClaims();
  for (const [name, value] of pairs) {
    const steps = name.split("[").map((step) => step.replace(/\]$/, ""));
    const last = steps.pop()!;
    let inside = claims;
    for (const step of steps) {
      const held = inside[step];
      const next = typeof held === "object" && held !== null ? (held as Claims) : noClaims();
      inside[step] = next;
      inside = next;
    }
    const before = inside[last];
    inside[last] = before === undefined ? value : [before, value].flat();
  }
  return claims;
}
