import * as z from "zod/mini";
import type { Frozen } from "./freeze.ts";
import { headerModifier } from "./header-modifier.ts";
import { requestMirror } from "./mirror.ts";
import { type PathModifier, requestRedirect, urlRewrite } from "./rewrite.ts";
import { objects, type Report, type Rough, rule } from "./rule.ts";
import { described } from "./schema-notes.ts";

/** Each type of filter and the field that holds its settings. */
const FIELD_OF = {
  RequestHeaderModifier: "requestHeaderModifier",
  ResponseHeaderModifier: "responseHeaderModifier",
  RequestRedirect: "requestRedirect",
  URLRewrite: "urlRewrite",
  RequestMirror: "requestMirror",
} as const;
type FilterType = keyof typeof FIELD_OF;
const TYPES = Object.keys(FIELD_OF) as FilterType[];

/** Types of the standard that Weft does not carry. */
const NOT_CARRIED: readonly string[] = ["CORS", "ExtensionRef", "ExternalAuth"];
const LEAVE_OUT = `leave the filter out; what is carried is ${TYPES.join(", ")}`;

const fields = z.strictObject({
  type: described(z.enum(TYPES), "which filter this is; only the field of that name is written", {
    cure: `write one of ${TYPES.join(", ")}`,
    unsupportedValue: (type) => (NOT_CARRIED.includes(type ?? "") ? LEAVE_OUT : undefined),
  }),
  requestHeaderModifier: z.exactOptional(described(headerModifier, "changes header fields of the request")),
  responseHeaderModifier: z.exactOptional(described(headerModifier, "changes header fields of the answer")),
  requestRedirect: z.exactOptional(requestRedirect),
  urlRewrite: z.exactOptional(urlRewrite),
  requestMirror: z.exactOptional(requestMirror),
});

export type { PathModifier };
export type RequestRedirect = Frozen<z.output<typeof requestRedirect>>;
export type RequestMirror = Frozen<z.output<typeof requestMirror>>;
export type UrlRewrite = Frozen<z.output<typeof urlRewrite>>;
export type HeaderModifier = Frozen<z.output<typeof headerModifier>>;

type Fields = Required<z.output<typeof fields>>;
type Union = {
  [Type in FilterType]: { type: Type } & Pick<Fields, (typeof FIELD_OF)[Type]>;
}[FilterType];

/** One filter: its type, and the field of that type. */
export type Filter = Frozen<Union>;

/** One flat object, as in the standard, so that all findings come at once; the rule makes it the union that it is typed as. */
const filter = described(fields.check(rule(judgeFilter)), "A step on the way of a request or its answer.", {
  id: "Filter",
  unsupportedFields: {
    cors: LEAVE_OUT,
    externalAuth: LEAVE_OUT,
    extensionRef: LEAVE_OUT,
  },
}) as unknown as z.ZodMiniType<Union, Union>;

export const filters = described(
  z.array(filter).check(z.maxLength(16)),
  "filters, done in this order; each type at most once but RequestMirror; RequestRedirect and URLRewrite not together",
);

function judgeFilter(value: Rough, report: Report): void {
  const { type } = value;
  if (typeof type !== "string" || !Object.hasOwn(FIELD_OF, type)) return;
  const own = FIELD_OF[type as FilterType];
  if (value[own] === undefined)
    report([own], `${own} is missing, which type ${type} needs`, `write ${own}: with its settings`);
  for (const [other, field] of Object.entries(FIELD_OF))
    if (field !== own && value[field] !== undefined)
      report(
        [field],
        `${field} is written, but type is ${type}`,
        `write type: ${other}, or leave ${field} out`,
      );
}

/** The rules about a whole list of filters, for the object that has it in `filters`. */
export function judgeFilters(value: Rough, report: Report): void {
  const first = new Map<unknown, number>();
  for (const [index, { type }] of objects(value.filters).entries()) {
    if (typeof type !== "string" || type === "RequestMirror" || !Object.hasOwn(FIELD_OF, type)) continue;
    const before = first.get(type);
    if (before !== undefined)
      report(
        ["filters", index, "type"],
        `a filter of type ${type} is already in filters[${before}]`,
        "put both into one filter, or leave one out",
      );
    else first.set(type, index);
  }
  const redirect = first.get("RequestRedirect");
  const rewrite = first.get("URLRewrite");
  if (redirect !== undefined && rewrite !== undefined)
    report(
      ["filters", Math.max(redirect, rewrite), "type"],
      "RequestRedirect and URLRewrite are used together",
      "keep one of the two: a redirect calls nothing, so there is nothing to rewrite",
    );
}
