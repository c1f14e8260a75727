import type { Plan } from "../../sidecar/outbound/plans.ts";
import { keyOf } from "../../sidecar/outbound/sticky.ts";
import { split } from "../../sidecar/policy/split.ts";
import type { Service } from "../../sidecar/stack/call.ts";
import type { Sticky } from "../../src/resources/service-policy.ts";
import { type Goal, type Verdict, verdict } from "../goals.ts";
import { repeat } from "./cases.ts";
import type { Case, Timed } from "./clock.ts";
import { callFor, OUTCOME } from "./leaf.ts";
import { planOf, requestFor, routeOf } from "./plan-of.ts";

/** The standard's most. */
const RULES_IN_A_ROUTE = 16;
const COUNTS = [1, 10, 100, 1000];
const FEWEST = COUNTS[0]!;
const MOST = COUNTS.at(-1)!;
const PATHS = ["Exact", "PathPrefix"] as const;
type PathType = (typeof PATHS)[number];

/** Requests for rules all over the list, in turn, so that no branch is learnt by heart. */
const REQUESTS = 16;

/** Choosing the rule for a request of one service, and the backend within a rule. */
export async function ruleCases(): Promise<Case[]> {
  const counted = PATHS.flatMap((type) => COUNTS.map((count) => choosing(type, count)));
  const orders = requestFor("/v2/orders/42?expand=items");
  const one = async (name: string, match: object): Promise<Case> => {
    const plan = await planOf([routeOf("one", [{ matches: [match] }])], undefined, () => leaf);
    if (plan(orders).chosen.name === "") throw new Error(`${name}: no rule takes the request`);
    return repeat(name, () => plan(orders));
  };
  return [
    ...(await Promise.all(counted)),
    await one("rule: chosen by one header", { headers: [{ name: "x-forwarded-proto", value: "https" }] }),
    await one("rule: chosen by a regular expression of the path", {
      path: { type: "RegularExpression", value: "/v[0-9]+/orders/[^/]+" },
    }),
    ...splitCases(),
  ];
}

const leaf: Service = () => OUTCOME;

const nameOf = (type: PathType, count: number): string =>
  `rule: chosen among ${count.toLocaleString("en-US")} by ${type === "Exact" ? "exact path" : "prefix"}`;

async function choosing(type: PathType, count: number): Promise<Case> {
  const rules = Array.from({ length: count }, (_, i) => ({
    matches: [{ path: { type, value: pathOf(i) } }],
  }));
  const routes = Array.from({ length: Math.ceil(count / RULES_IN_A_ROUTE) }, (_, i) =>
    routeOf(`route-${i}`, rules.slice(i * RULES_IN_A_ROUTE, (i + 1) * RULES_IN_A_ROUTE)),
  );
  const plan: Plan = await planOf(routes, undefined, () => leaf);
  const below = type === "Exact" ? "" : "/items/42";
  const requests = Array.from({ length: REQUESTS }, (_, i) =>
    requestFor(`${pathOf(Math.floor((i * count) / REQUESTS))}${below}?page=${i}`),
  );
  for (const request of requests)
    if (plan(request).chosen.name === "") throw new Error(`no rule takes ${request.path}`);
  let next = 0;
  return repeat(nameOf(type, count), () => plan(requests[next++ % REQUESTS]!));
}

const pathOf = (i: number): string => `/api/v2/orders-${String(i).padStart(4, "0")}`;

function splitCases(): Case[] {
  const backends = [90, 10].map((weight, i) => ({ name: `orders v${i + 1}`, weight, service: leaf }));
  const call = callFor(requestFor("/v2/orders/42"));
  const between = (name: string, sticky?: Sticky): Case => {
    const service = split(backends, sticky && keyOf(sticky, "web"), Math.random);
    return repeat(`split: between two, ${name}`, () => service(call));
  };
  return [
    between("at random"),
    between("sticky by a cookie", { cookie: "session" }),
    between("sticky by a header field", { header: "x-request-id" }),
    between("sticky by the caller", { caller: true }),
  ];
}

/** Whether the time of the choice grows with the number of rules. */
export function flatness(timed: readonly Timed[]): Verdict[] {
  const ns = (type: PathType, count: number): number =>
    timed.find(({ name }) => name === nameOf(type, count))!.nsPerCall;
  return PATHS.map((type) => {
    const goal: Goal = {
      name: `${nameOf(type, MOST)} ÷ among ${FEWEST}`,
      better: "lower",
      now: 2,
      next: 1.5,
    };
    return verdict(goal, ns(type, MOST) / ns(type, FEWEST), 1);
  });
}
