import * as z from "zod/mini";
import { backendFields } from "./backend-ref.ts";
import { filters, judgeFilters } from "./filter.ts";
import { matches } from "./match.ts";
import { routeRetry } from "./retry.ts";
import { isObject, objects, type Report, type Rough, rule } from "./rule.ts";
import { objectName } from "./scalars.ts";
import { described } from "./schema-notes.ts";
import { timeouts } from "./timeouts.ts";

const backendRef = described(
  z
    .strictObject({
      ...backendFields,
      weight: described(
        z._default(z.int().check(z.minimum(0), z.maximum(1_000_000)), 1),
        "share of the calls, in proportion to the other weights of the rule; 0 gets none",
        { cure: "write a whole number from 0 to 1000000" },
      ),
      filters: z.exactOptional(described(filters, "filters for the calls that go to this backend")),
    })
    .check(rule(judgeFilters)),
  "A service, or version of one, that calls are sent to.",
  { id: "BackendRef" },
);

export const httpRouteRule = described(
  z
    .strictObject({
      name: z.exactOptional(
        described(objectName, "name of the rule, unique in the route; metrics and `weft explain` show it"),
      ),
      matches,
      filters: z.exactOptional(filters),
      backendRefs: z.exactOptional(
        described(
          z.array(backendRef).check(z.maxLength(16)),
          "where calls go, by weight; left out, and without a redirect, calls are answered 500 `no-backend`, as in the standard",
        ),
      ),
      timeouts: z.exactOptional(timeouts),
      retry: z.exactOptional(routeRetry),
    })
    .check(rule(judgeFilters), rule(judgeRule)),
  "What is done with the requests that match.",
  {
    id: "HTTPRouteRule",
    unsupportedFields: {
      sessionPersistence: "use sticky of a ServicePolicy",
    },
  },
);

function judgeRule(value: Rough, report: Report): void {
  const backends = objects(value.backendRefs);
  for (const [index, { type }] of objects(value.filters).entries())
    if (type === "RequestRedirect" && backends.length > 0)
      report(
        ["filters", index],
        "a rule with backendRefs has a RequestRedirect",
        "leave backendRefs out: a redirect calls nothing",
      );
  if (isOnePrefix(value.matches)) return;
  judgePrefixes(value.filters, ["filters"], report);
  for (const [index, backend] of backends.entries())
    judgePrefixes(backend.filters, ["backendRefs", index, "filters"], report);
}

function judgePrefixes(filters: unknown, path: readonly (string | number)[], report: Report): void {
  for (const [index, filter] of objects(filters).entries())
    for (const field of ["requestRedirect", "urlRewrite"] as const) {
      const settings = filter[field];
      const modifier = isObject(settings) ? settings.path : undefined;
      if (!isObject(modifier) || modifier.type !== "ReplacePrefixMatch") continue;
      report(
        [...path, index, field, "path", "type"],
        "ReplacePrefixMatch is used in a rule that has not exactly one match, of type PathPrefix",
        "give the rule one match with a path of type PathPrefix, or use ReplaceFullPath",
      );
    }
}

function isOnePrefix(matches: unknown): boolean {
  const [only, ...others] = objects(matches);
  if (only === undefined || others.length > 0) return false;
  const { path } = only;
  return isObject(path) && path.type === "PathPrefix";
}
