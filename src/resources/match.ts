import * as z from "zod/mini";
import type { Frozen } from "./freeze.ts";
import { pathProblem } from "./path-syntax.ts";
import { rule, unique } from "./rule.ts";
import { headerName } from "./scalars.ts";
import { described } from "./schema-notes.ts";

const matchType = z._default(z.enum(["Exact", "RegularExpression"]), "Exact");
const TYPE = "how `value` is compared; a regular expression (RE2 syntax) must match the whole value";
const TYPE_CURE = { cure: "write Exact or RegularExpression" };

export const pathMatch = described(
  z
    .strictObject({
      type: described(
        z._default(z.enum(["Exact", "PathPrefix", "RegularExpression"]), "PathPrefix"),
        "how `value` is compared with the path, without the query; a prefix matches whole segments; a regular expression (RE2 syntax) must match the whole path",
        { cure: "write Exact, PathPrefix or RegularExpression" },
      ),
      value: described(
        z._default(z.string().check(z.maxLength(1024)), "/"),
        "the path, prefix or regular expression",
      ),
    })
    .check(
      rule(({ type, value }, report) => {
        if (type === "RegularExpression" || typeof value !== "string") return;
        const problem = pathProblem(value);
        if (problem) report(["value"], problem.message, problem.cure);
      }),
    ),
  'Condition on the path. Exact and PathPrefix values begin with "/" and have no "//", "/./", "/../", "%2F" or "#".',
  { id: "PathMatch" },
);

export const headerMatch = described(
  z.strictObject({
    type: described(matchType, TYPE, TYPE_CURE),
    name: described(
      headerName,
      "name of the header field, whose case does not matter; weft-caller is the service that calls",
    ),
    value: described(z.string().check(z.minLength(1), z.maxLength(4096)), "value or regular expression"),
  }),
  "Condition on one header field.",
  { id: "HeaderMatch" },
);

const queryParam = described(
  z.strictObject({
    type: described(matchType, TYPE, TYPE_CURE),
    name: described(headerName, "name of the query parameter, whose case matters", {
      cure: "write the name of a query parameter: letters, digits and !#$%&'*+-.^_`|~",
    }),
    value: described(z.string().check(z.minLength(1), z.maxLength(1024)), "value or regular expression"),
  }),
  "Condition on one query parameter.",
  { id: "QueryParamMatch" },
);

/** RFC 9110 §9 and RFC 5789: the methods that the standard names. */
const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"] as const;

const match = described(
  z
    .strictObject({
      path: described(
        z._default(pathMatch, { type: "PathPrefix", value: "/" }),
        "condition on the path; left out, any path",
      ),
      headers: z.exactOptional(
        described(z.array(headerMatch).check(z.maxLength(16)), "conditions on header fields; all must hold"),
      ),
      queryParams: z.exactOptional(
        described(
          z.array(queryParam).check(z.maxLength(16)),
          "conditions on query parameters; all must hold",
        ),
      ),
      method: z.exactOptional(
        described(z.enum(METHODS), "method of the request", {
          cure: `write one of ${METHODS.join(", ")}, in capitals`,
        }),
      ),
    })
    .check(
      rule(({ headers, queryParams }, report) => {
        // The standard would silently look at the first of two only.
        unique(headers, "headers", "header field", (name) => name.toLowerCase(), report);
        unique(queryParams, "queryParams", "query parameter", (name) => name, report);
      }),
    ),
  "Conditions on a request; all must hold. Each header field and each query parameter may be named once.",
  { id: "Match" },
);

/** The conditions of one match, checked, with all defaults in it. */
export type RequestMatch = Frozen<z.output<typeof match>>;

type Matches = z.output<typeof match>[];

export const matches = described(
  z._default(
    z.array(match).check(
      z.maxLength(64),
      // The standard reads an empty list as no list.
      z.overwrite((list: Matches): Matches => (list.length === 0 ? everyPath() : list)),
    ),
    () => everyPath(),
  ),
  "conditions of which at least one must hold; left out, every request",
);

function everyPath(): Matches {
  return [{ path: { type: "PathPrefix", value: "/" } }];
}
