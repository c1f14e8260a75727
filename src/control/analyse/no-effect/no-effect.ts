import type { Finding } from "../../../resources/finding.ts";
import type { HttpRoute } from "../../../resources/http-route.ts";
import type { ServicePolicy } from "../../../resources/service-policy.ts";
import { besides, found, isRoute, type Judged, labelOf } from "../judged.ts";
import { idleWithBackend, idleWithParent, timesOf } from "./across.ts";
import { type Idle, idlePolicy } from "./idle-policy.ts";
import { idleRule } from "./idle-rule.ts";
import type { Times } from "./times.ts";

type Policies = ReadonlyMap<string, Judged<ServicePolicy>>;

/** What is written and does nothing, because something else that is written does not let it. */
export function noEffect(set: readonly Judged[]): Finding[] {
  const policies = new Map<string, Judged<ServicePolicy>>();
  for (const one of set) if (isPolicy(one)) policies.set(one.resource.metadata.name, one);
  const routes = set.filter(isRoute);
  const routed = routedTimes(routes, policies);
  return [
    ...[...policies.values()].flatMap((one) => {
      const { spec, metadata } = one.resource;
      return idlePolicy(spec, routed.get(metadata.name)).map((idle) => tell(idle, one));
    }),
    ...routes.flatMap((one) => ofRoute(one, policies)),
  ];
}

const isPolicy = (one: Judged): one is Judged<ServicePolicy> => one.resource.kind === "ServicePolicy";

/** The times of the calls to each service that has a policy, where a rule has a say in them. */
function routedTimes(routes: readonly Judged<HttpRoute>[], policies: Policies): ReadonlyMap<string, Times[]> {
  const routed = new Map<string, Times[]>([...policies.keys()].map((service) => [service, []]));
  for (const { resource } of routes)
    for (const rule of resource.spec.rules)
      for (const { name: parent } of resource.spec.parentRefs) {
        const times = timesOf(rule, policies.get(parent)?.resource.spec);
        for (const name of new Set([parent, ...namesOf(rule.backendRefs)])) routed.get(name)?.push(times);
      }
  return routed;
}

const namesOf = (refs: readonly { readonly name: string }[] = []) => refs.map(({ name }) => name);

function ofRoute(one: Judged<HttpRoute>, policies: Policies): Finding[] {
  const { parentRefs, rules } = one.resource.spec;
  return rules.flatMap((rule, i) => {
    const at = `spec.rules[${i}]`;
    const findings = new Map<string, Finding>();
    // Several parents and backends may make the same finding: the first is enough.
    const add = (all: readonly Idle[], policy?: Judged<ServicePolicy>) => {
      for (const idle of all) if (!findings.has(idle.path)) findings.set(idle.path, tell(idle, one, policy));
    };
    add(idleRule(rule, at));
    for (const name of new Set(namesOf(parentRefs))) {
      const policy = policies.get(name);
      add(idleWithParent(rule, at, policy?.resource.spec, policy && labelOf(policy.resource)), policy);
    }
    for (const name of new Set(namesOf(rule.backendRefs))) {
      const policy = policies.get(name);
      if (policy !== undefined)
        add(idleWithBackend(rule, at, policy.resource.spec, labelOf(policy.resource)), policy);
    }
    return [...findings.values()];
  });
}

/** Told of the rule that is being read, else of the policy that does not go with it. */
function tell({ path, message, cure }: Idle, one: Judged, policy?: Judged): Finding {
  if (one.document === undefined && policy?.document !== undefined)
    return found("no-effect", policy, "spec", `for ${labelOf(one.resource)}, ${path}: ${message}`, cure);
  const finding = found("no-effect", one, path, message, cure);
  return policy === undefined ? finding : besides(finding, policy, "spec");
}
