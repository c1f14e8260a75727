/* biome-ignore-all lint/suspicious/noExplicitAny: what is read may be anything, and tests spoil any part of it */
import assert from "node:assert/strict";
import { type Read, readResource } from "../../src/resources/read.ts";

/** A small route that is right; `spoil` changes it before it is read. */
export function aRoute(spoil: (route: any) => void = () => undefined): any {
  const route = {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "orders" },
    spec: {
      parentRefs: [{ group: "", kind: "Service", name: "orders" }],
      rules: [{ matches: [{ path: { value: "/v2" } }], backendRefs: [{ name: "orders", version: "2" }] }],
    },
  };
  spoil(route);
  return route;
}

export function aPolicy(spec: unknown): any {
  return { apiVersion: "weft.dev/v1", kind: "ServicePolicy", metadata: { name: "orders" }, spec };
}

/** Reads a route with this as its only rule. */
export const readRule = (rule: unknown): Read =>
  readResource(
    aRoute((route) => {
      route.spec.rules = [rule];
    }),
    0,
  );

/** Findings as `code path`, in the order in which they come. */
export const told = ({ findings }: Read): string[] =>
  findings.map(({ code, path }) => `${code} ${path}`.trim());

/** A rule, and what is said of it with the path inside of that rule. */
export type Case = readonly [rule: unknown, ...told: string[]];

/** Reads each rule, and compares what is told of it. */
export const checkRules = (cases: readonly Case[]): void => {
  for (const [rule, ...expected] of cases) {
    const found = told(readRule(rule)).map((one) => one.replace(/ spec\.rules\[0\]\.?/, " ").trim());
    assert.deepEqual(found, expected, JSON.stringify(rule).slice(0, 300));
  }
};

export const times = (count: number, one: (i: number) => unknown): unknown[] =>
  Array.from({ length: count }, (_, i) => one(i));

export const match = (part: object): object => ({ matches: [part] });

export const path = (value: string, type = "PathPrefix"): object => match({ path: { type, value } });
