import * as z from "zod/mini";
import { isFraming } from "./field-names.ts";
import { pathProblem } from "./path-syntax.ts";
import { exactlyOne, objects, type Report, type Rough, rule, unique } from "./rule.ts";
import { cookieName, headerName } from "./scalars.ts";
import { described } from "./schema-notes.ts";
import { tokenIssuer } from "./token-issuer.ts";

const text = (max: number) => z.string().check(z.minLength(1), z.maxLength(max));

const from = described(
  z
    .strictObject({
      header: z.exactOptional(described(headerName, "the header field that has the token")),
      prefix: z.exactOptional(
        described(
          text(32).check(z.regex(/^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/)),
          "the word before the token (its case does not matter); a value with another word is no token of this provider; left out, the value is the token, but Bearer for authorization",
        ),
      ),
      cookie: z.exactOptional(described(cookieName, "the cookie that has the token")),
    })
    .check(
      exactlyOne("from", ["header", "cookie"], "header: authorization"),
      rule(({ header, prefix }, report) => {
        if (prefix !== undefined && header === undefined)
          report(["prefix"], "prefix belongs to header", "leave it out, or write header");
        judgeField(header, ["header"], report, "carry a token");
      }),
    ),
  "Where a token is looked for. Exactly one of header and cookie is written.",
  { id: "TokenPlace" },
);

/** What the app would read in another way than the mesh if a claim could write it. */
const KEPT = new Set(["host", "authorization", "cookie", "traceparent", "tracestate"]);

const claimToHeader = described(
  z
    .strictObject({
      claim: described(
        text(256),
        "name of the claim; where no claim has this whole name, its dots lead into objects: realm_access.roles",
      ),
      header: described(headerName, "the header field that the app reads it from"),
    })
    .check(
      rule(({ header }, report) => {
        judgeField(header, ["header"], report, "carry a claim");
        if (typeof header === "string" && KEPT.has(header.toLowerCase()))
          report(["header"], `${JSON.stringify(header)} has a meaning of its own`, "choose another name");
      }),
    ),
  "A claim that the app reads as a header field. Texts, numbers and bools are written as they are, members of a list with commas between; `%`, a comma inside of a list, and whatever is not visible ASCII as %XX of UTF-8. The field never comes from the caller: what it sends under this name is removed, with `_` for `-`, too, and also when there is no token.",
  { id: "ClaimToHeader" },
);

function judgeField(name: unknown, path: readonly string[], report: Report, what: string): void {
  if (typeof name !== "string") return;
  if (name.toLowerCase().startsWith("weft-"))
    report(path, `${JSON.stringify(name)} is a field of the mesh itself`, "choose another name");
  else if (isFraming(name))
    report(path, `${JSON.stringify(name)} frames the message and cannot ${what}`, "choose another name");
}

const provider = described(
  z.strictObject({
    name: described(text(63).check(z.regex(/^[a-z0-9-]+$/)), "name of the provider, for metrics and logs", {
      cure: 'write a name of a-z, 0-9 and "-"',
    }),
    ...tokenIssuer,
    from: z.exactOptional(
      described(from, "where a token of this provider is; left out, `Authorization: Bearer`"),
    ),
    claimsToHeaders: z.exactOptional(
      described(z.array(claimToHeader).check(z.maxLength(16)), "claims that the app reads as header fields"),
    ),
    forward: z._default(
      described(
        z.boolean(),
        "whether the token itself goes on to the app; else it is taken out, so that the app cannot lose it",
      ),
      false,
    ),
  }),
  "Somebody whose tokens are believed.",
  { id: "TokenProvider" },
);

const exemptPath = described(
  text(1024).check(z.refine((path) => pathProblem(path) === undefined)),
  "a path, without the query",
  { cure: 'write a path that begins with "/", such as /healthz' },
);

/** Whose end users are believed: JSON Web Tokens, checked by the callee's sidecar before the app sees a call. */
export const authentication = described(
  z
    .strictObject({
      required: z._default(
        described(
          z.boolean(),
          "whether a call without a token is refused; a token that is there must be good in any case",
        ),
        true,
      ),
      exempt: z.exactOptional(
        described(
          z.array(exemptPath).check(z.maxLength(64)),
          "paths that need no token, each with all that is below it; a request whose path has an escape, `//`, `;` or a dot segment is never exempt, because an app may read it as another one",
        ),
      ),
      providers: described(
        z.array(provider).check(z.minLength(1), z.maxLength(8)),
        "those whose tokens are believed; which one a token is of, its `iss` says",
      ),
    })
    .check(rule(judgeProviders)),
  "Tokens of end users (JWT), checked by the callee's sidecar (RFC 8725). A call whose token is missing or bad is answered with 401 (`unauthenticated`) and `WWW-Authenticate`; the app does not see it.",
  { id: "Authentication" },
);

function judgeProviders({ providers }: Rough, report: Report): void {
  const same = (name: string) => name;
  unique(providers, "providers", "provider", same, report);
  unique(providers, "providers", "issuer", same, report, "issuer");
  for (const [index, { claimsToHeaders }] of objects(providers).entries()) {
    // The app could not tell two claims in one field apart.
    const seen = new Set<string>();
    for (const [at, { header }] of objects(claimsToHeaders).entries()) {
      if (typeof header !== "string") continue;
      const name = header.toLowerCase();
      const path = ["providers", index, "claimsToHeaders", at, "header"];
      if (seen.has(name)) report(path, `header field ${JSON.stringify(header)} is written twice`, "keep one");
      seen.add(name);
    }
  }
}
