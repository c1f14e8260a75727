import type { ServiceRouting } from "../../src/control/service-routing.ts";
import { byHostname } from "../../src/routing/hostnames.ts";
import { MatchIndex } from "../../src/routing/match-index.ts";
import { type Destination, hasRegex, rulesFor } from "../../src/routing/rules.ts";
import { loadRegexEngine, type RegexEngine } from "../../src/routing/text-match.ts";
import type { Request } from "../http/exchange.ts";
import type { PolicySource } from "../policy-source.ts";
import type { ChosenRule, Service } from "../stack/call.ts";
import { refused } from "../stack/outcome.ts";
import { withoutQuery } from "../stack/without-query.ts";
import { AskedRequest } from "./asked-request.ts";
import { policyOfRule, policyWithoutRoute, type RulePolicy } from "./rule-policy.ts";

/** What is to happen to a request, decided before it is a call. */
export interface OutboundRule {
  readonly chosen: ChosenRule;
  /** Time for the call; undefined for the default, Infinity for none. */
  readonly requestMs: number | undefined;
  readonly service: Service;
}

/** Finds the rule for each request to one destination. */
export type Plan = (
  request: Pick<Request, "method" | "path" | "headers"> & Partial<Pick<Request, "upgrade">>,
) => OutboundRule;

export interface PlansOptions {
  readonly caller: string;
  readonly policies: PolicySource;
  /** Makes the stack of a rule. */
  readonly compile: (rule: RulePolicy, service: string) => Service;
  /** The first call to a service waits so long for its policy. */
  readonly policyWaitMs: number;
}

/** Fewer than the table of policies follows, so that the policy of a plan in use is followed. */
const MOST_REMEMBERED = 512;
const NO_RULE: ChosenRule = { name: "", why: "" };

/**
 * The plans of all destinations, each compiled when it is first needed and again when its policy has changed. A call
 * that is under way goes on with the plan that it began with.
 */
export class Plans {
  readonly #options: PlansOptions;
  readonly #plans = new Map<Destination, Plan>();
  /** The services whose policy each of them was made of: that of the destination, and those of the backends. */
  readonly #madeOf = new WeakMap<Plan, ReadonlySet<string>>();
  readonly #stop: () => void;
  #regex: RegexEngine | undefined;

  constructor(options: PlansOptions) {
    this.#options = options;
    this.#stop = options.policies.onChange((service) => void this.#renew(service));
  }

  /** Undefined when the policy of the service is not known yet: then `ready` makes it. */
  get(to: Destination): Plan | undefined {
    const plan = this.#plans.get(to);
    if (plan !== undefined) return plan;
    const routing = this.#options.policies.get(to.service);
    if (routing === undefined || (this.#regex === undefined && needsRegex(routing))) return undefined;
    return this.#keep(to, routing);
  }

  /** Waits for the policy, but not for long: traffic does not depend on the registry. */
  async ready(to: Destination): Promise<Plan> {
    const { policies, policyWaitMs } = this.#options;
    await policies.whenKnown(to.service, policyWaitMs);
    const known = policies.get(to.service);
    if (known !== undefined && needsRegex(known)) this.#regex ??= await loadRegexEngine();
    // Read again: it may have changed meanwhile. Kept also when nothing is known: the next call does not wait again, and
    // news of the policy makes it anew.
    return this.#plans.get(to) ?? this.#keep(to, policies.get(to.service));
  }

  close(): void {
    this.#stop();
  }

  /** The plans in use stay until the new ones can be made. */
  async #renew(service: string): Promise<void> {
    const routing = this.#options.policies.get(service);
    if (routing !== undefined && needsRegex(routing)) this.#regex ??= await loadRegexEngine();
    for (const [to, plan] of this.#plans) if (this.#madeOf.get(plan)?.has(service)) this.#plans.delete(to);
  }

  #keep(to: Destination, routing: ServiceRouting | undefined): Plan {
    if (this.#plans.size >= MOST_REMEMBERED) this.#plans.clear();
    const services = new Set([to.service]);
    const plan = this.#compile(to, routing, services);
    this.#madeOf.set(plan, services);
    this.#plans.set(to, plan);
    return plan;
  }

  /** @param services takes down whose policy the plan is made of */
  #compile(to: Destination, routing: ServiceRouting | undefined, services: Set<string>): Plan {
    const { caller, compile } = this.#options;
    const { routes = [], policy } = routing ?? {};
    const made = (rule: RulePolicy, chosen: ChosenRule): OutboundRule => {
      for (const { aim } of rule.backends) if (aim !== undefined) services.add(aim.callee);
      return { chosen, requestMs: rule.requestMs, service: compile(rule, to.service) };
    };
    const unrouted = policyWithoutRoute(policy, caller, this.#regex);
    const indexes = byHostname(routes, to).flatMap((part) => {
      const rules = rulesFor(part, to, caller, this.#regex).map((found) => {
        const rule = policyOfRule(found, to, policy, caller, this.#regex);
        return [found.match, made(rule, { name: found.name, why: found.why })] as const;
      });
      return rules.length === 0 ? [] : [new MatchIndex(rules, this.#regex)];
    });
    // Also when all routes are about other callers: such a route changes nothing for this one (GAMMA's consumer routes).
    // A gateway sends nothing where no route says so.
    if (indexes.length === 0 && to.gateway === undefined) {
      const only = made(unrouted, NO_RULE);
      return () => only;
    }
    const none = made({ ...unrouted, steps: { ...unrouted.steps, answer: noRoute } }, NO_RULE);
    const [index, ...others] = indexes;
    return ({ method, path, headers, upgrade }) => {
      const asked = new AskedRequest(method, path, headers, upgrade);
      let found = index?.find(asked);
      for (let i = 0; found === undefined && i < others.length; i++) found = others[i]!.find(asked);
      return found ?? none;
    };
  }
}

/** What the standard wants when routes are attached and none of their rules takes the request (HTTPRouteRule.matches). */
const noRoute: Service = (call) => {
  call.head.body.abandon("no-route");
  const message = `no rule of the routes of ${call.head.callee} takes ${call.head.method} ${withoutQuery(call.head.path)}`;
  return Promise.resolve(refused("no-route", message));
};

const needsRegex = ({ routes, policy }: ServiceRouting): boolean =>
  routes.some(({ spec }) => spec.rules.some(({ matches }) => hasRegex(matches))) ||
  (policy?.spec.faults ?? []).some(({ matches = [] }) => hasRegex(matches));
