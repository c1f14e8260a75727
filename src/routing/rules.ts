import { HEADER } from "../protocol/header-names.ts";
import type { HttpRoute, HttpRouteRule } from "../resources/http-route.ts";
import type { RequestMatch } from "../resources/match.ts";
import { type RegexEngine, textTest } from "./text-match.ts";

/** Where a call goes, as its caller named it. */
export interface Destination {
  readonly service: string;
  /** Undefined when the caller left the choice to the mesh. */
  readonly version: string | undefined;
  readonly port: number;
  /** Set for requests to a gateway, which `service` is then. */
  readonly gateway?: GatewayPlace;
}

/** Where a request came in. */
export interface GatewayPlace {
  /** As `sectionName` has it. */
  readonly listener: "http" | "https";
  /** The narrowest of the hostnames of its routes that takes the request's host; empty for none. */
  readonly hostname: string;
}

/** A rule that may take a request, and what it takes. */
export interface RuleMatch {
  /** `route/rule` or `namespace/route/rule`; a rule without a name is told by its number, from 1. */
  readonly name: string;
  readonly rule: HttpRouteRule;
  readonly match: RequestMatch;
  /** The match in words: `PathPrefix /v2, header x-canary=1`. */
  readonly why: string;
}

/**
 * True when a route is attached to that destination (`parentRefs`); a port or section that it does not name is any, a
 * version has to be called. Hostnames are not looked at (`hostnames.ts`).
 */
export const concerns = (route: HttpRoute, to: Destination): boolean =>
  route.spec.parentRefs.some(
    ({ kind, name, version, port, sectionName }) =>
      (kind === "Gateway") === (to.gateway !== undefined) &&
      name === to.service &&
      version === to.version &&
      (port === undefined || port === to.port) &&
      (sectionName === undefined || sectionName === to.gateway?.listener),
  );

/**
 * The rules that may take a caller's requests to a destination, in the order that decides ties.
 * @param routes the oldest first, then by name
 * @param regex needed when a match has a regular expression
 */
export function rulesFor(
  routes: readonly HttpRoute[],
  to: Destination,
  caller: string,
  regex?: RegexEngine,
): RuleMatch[] {
  return routes
    .filter((route) => concerns(route, to))
    .flatMap((route) =>
      route.spec.rules.flatMap((rule, i) =>
        rule.matches
          .filter((match) => isForCaller(match, caller, regex))
          .map((match) => ({
            name: ruleName(route, i),
            rule,
            match,
            why: inWords(match),
          })),
      ),
    );
}

/** `orders/canary`, or `orders/2` for a rule without a name; as metrics, logs and `weft explain` have it. */
export const ruleName = (route: HttpRoute, index: number): string =>
  `${routeName(route)}/${route.spec.rules[index]?.name ?? index + 1}`;

/** `orders`, or `team/orders` where the namespace is not the usual one. */
export const routeName = ({ metadata: { name, namespace } }: HttpRoute): string =>
  namespace === "default" ? name : `${namespace}/${name}`;

/**
 * A match of the header field `weft-caller` is about who calls: the way to write what the Gateway API calls a consumer
 * route. That is the same for all calls of a sidecar, so it is decided here and not for each call.
 */
export function isForCaller(
  { headers = [] }: RequestMatch,
  caller: string,
  regex: RegexEngine | undefined,
): boolean {
  const asked = headers.find(({ name }) => name.toLowerCase() === HEADER.caller);
  return asked === undefined || textTest(asked, regex)(caller);
}

function inWords({ path, method, headers = [], queryParams = [] }: RequestMatch): string {
  const pair = (what: string, { type, name, value }: { type: string; name: string; value: string }) =>
    `${what} ${name}${type === "Exact" ? "=" : "~"}${value}`;
  return [
    `${path.type} ${path.value}`,
    ...(method === undefined ? [] : [`method ${method}`]),
    ...headers.map((one) => pair("header", one)),
    ...queryParams.map((one) => pair("query", one)),
  ].join(", ");
}

/** True when compiling the routes or matches needs the engine. */
export const hasRegex = (matches: readonly RequestMatch[]): boolean =>
  matches.some(({ path, headers = [], queryParams = [] }) =>
    [path, ...headers, ...queryParams].some(({ type }) => type === "RegularExpression"),
  );
