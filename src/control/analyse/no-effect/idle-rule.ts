import type { Filter } from "../../../resources/filter.ts";
import type { HttpRouteRule } from "../../../resources/http-route.ts";
import { redirectIn } from "../places.ts";
import type { Idle } from "./idle-policy.ts";

/** What a rule says in vain, by itself. @param at `spec.rules[0]` */
export function idleRule(rule: HttpRouteRule, at: string): Idle[] {
  const { timeouts, filters = [], backendRefs = [] } = rule;
  const isEmpty = timeouts !== undefined && Object.keys(timeouts).length === 0;
  return [
    ...(isEmpty ? [{ path: `${at}.timeouts`, message: "timeouts is empty" }] : []),
    ...(redirectIn(rule) === undefined ? [] : besideRedirect(rule, at)),
    ...emptyFilters(filters, at),
    ...backendRefs.flatMap(({ filters = [] }, i) => emptyFilters(filters, `${at}.backendRefs[${i}]`)),
  ];
}

/** A redirect calls nothing (HTTPRequestRedirectFilter). */
function besideRedirect({ timeouts, retry, filters = [] }: HttpRouteRule, at: string): Idle[] {
  const idle = (path: string): Idle => ({
    path: `${at}.${path}`,
    message: "the rule answers with a redirect, so nothing is called",
  });
  return [
    ...(timeouts === undefined ? [] : [idle("timeouts")]),
    ...(retry === undefined ? [] : [idle("retry")]),
    ...filters.flatMap(({ type }, i) => (type === "RequestHeaderModifier" ? [idle(`filters[${i}]`)] : [])),
  ];
}

const emptyFilters = (filters: readonly Filter[], at: string): Idle[] =>
  filters.flatMap((filter, i) => {
    const path = `${at}.filters[${i}]`;
    return changesNothing(filter) ? [{ path, message: `the ${filter.type} changes nothing` }] : [];
  });

function changesNothing(filter: Filter): boolean {
  if (filter.type === "URLRewrite") return Object.keys(filter.urlRewrite).length === 0;
  if (filter.type !== "RequestHeaderModifier" && filter.type !== "ResponseHeaderModifier") return false;
  const { set, add, remove } =
    filter.type === "RequestHeaderModifier" ? filter.requestHeaderModifier : filter.responseHeaderModifier;
  return [set, add, remove].every((list) => list === undefined || list.length === 0);
}
