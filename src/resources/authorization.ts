import * as z from "zod/mini";
import type { Frozen } from "./freeze.ts";
import { headerMatch, pathMatch } from "./match.ts";
import { objects, rule, unique } from "./rule.ts";
import { namespaceName, serviceName } from "./scalars.ts";
import { described } from "./schema-notes.ts";

/** RFC 9110 §9.1: a method is a token, and its case matters; all registered ones are in capitals. */
const METHOD = /^[A-Z][A-Z0-9!#$%&'*+\-.^_`|~]*$/;
/** A claim, and claims within it, as Istio writes them: `realm_access[roles]`. */
const CLAIM = /^[^[\]\p{Cc}]+(?:\[[^[\]\p{Cc}]+\])*$/u;

const verdict = z.enum(["allow", "deny"]);
const VERDICT_CURE = { cure: "write allow or deny" };

export const mode = described(
  z._default(z.enum(["enforce", "shadow"]), "enforce"),
  "shadow lets through what it would deny, and counts and logs it",
  { cure: "write enforce or shadow" },
);

const method = described(
  z.string().check(z.minLength(1), z.maxLength(32), z.regex(METHOD)),
  "method of the request",
  { cure: "write a method in capitals, such as GET: its case matters" },
);

const from = described(
  z.strictObject({
    services: described(
      z.array(serviceName).check(z.minLength(1), z.maxLength(256)),
      "the services that call; the broker vouches for who they are",
      { cure: "name at least one service, or leave from out: then it is any caller" },
    ),
  }),
  "Who calls.",
  { id: "AccessFrom" },
);

const to = described(
  z
    .strictObject({
      methods: z.exactOptional(
        described(
          z.array(method).check(z.minLength(1), z.maxLength(16)),
          "methods, of which one must be the request's; left out, any",
        ),
      ),
      paths: z.exactOptional(
        described(
          z.array(pathMatch).check(z.minLength(1), z.maxLength(64)),
          "paths, of which one must be the request's; left out, any",
        ),
      ),
      headers: z.exactOptional(
        described(
          z.array(headerMatch).check(z.minLength(1), z.maxLength(16)),
          "conditions on header fields; all must hold. A field that is absent fits none, an empty one only an expression that takes the empty text. A deny rule looks at each line of a field and at each member of a list in it, in any case and with `_` for `-` in the name; an allow rule at the whole field, as it is written",
        ),
      ),
    })
    .check(
      rule(({ methods, paths, headers }, report) => {
        if (methods === undefined && paths === undefined && headers === undefined)
          report([], "it says nothing of the request", "write methods, paths or headers, or leave it out");
        unique(headers, "headers", "header field", (name) => name.toLowerCase(), report);
        for (const [i, { name }] of objects(headers).entries())
          if (typeof name === "string" && /^weft[-_]/i.test(name))
            report(
              ["headers", i, "name"],
              `${name} is a field of the mesh itself, which no caller can send`,
              "name callers in from.services",
            );
      }),
    ),
  "A kind of request: all that is written must hold.",
  { id: "AccessTo" },
);

const claim = described(
  z.strictObject({
    name: described(
      z.string().check(z.minLength(1), z.maxLength(256), z.regex(CLAIM)),
      "name of the claim; `realm_access[roles]` is the claim `roles` within `realm_access`",
      { cure: "write the name of a claim, such as sub, or realm_access[roles]" },
    ),
    values: z.exactOptional(
      described(
        z.array(z.string().check(z.minLength(1), z.maxLength(1024))).check(z.minLength(1), z.maxLength(64)),
        "values, of which one must be the claim's, or among those of a list; those of `scope` are separated by spaces (RFC 8693 section 4.2); left out, any",
      ),
    ),
  }),
  "A claim of the end user's token, which `authentication` has verified.",
  { id: "AccessClaim" },
);

const accessRule = described(
  z.strictObject({
    name: described(
      namespaceName,
      "name of the rule, unique in the policy; logs, metrics, `weft explain` and `weft can-i` show it, the caller never sees it",
    ),
    action: described(z._default(verdict, "allow"), "what becomes of the calls that it takes", VERDICT_CURE),
    mode,
    from: z.exactOptional(described(from, "who calls; left out, any service")),
    to: z.exactOptional(
      described(
        z.array(to).check(z.minLength(1), z.maxLength(32)),
        "requests, of which one must fit; left out, any",
        { cure: "describe a request, or leave it out: then it is any" },
      ),
    ),
    claims: z.exactOptional(
      described(
        z.array(claim).check(z.minLength(1), z.maxLength(16)),
        "claims of the end user's token; all must fit, and a call without a token fits none",
      ),
    ),
  }),
  "Which calls are allowed, or denied. All that is written must hold.",
  { id: "AccessRule" },
);

/** Who may call a service, and what. In Istio's order: what a deny rule takes is denied, whatever else allows it. */
export const authorization = described(
  z
    .strictObject({
      mode,
      default: z.exactOptional(
        described(
          verdict,
          "what becomes of calls that no rule takes; left out, `deny` where a rule allows something, and else what the MeshPolicy says",
          VERDICT_CURE,
        ),
      ),
      rules: described(
        z._default(z.array(accessRule).check(z.maxLength(64)), () => []),
        "deny rules are asked first, then allow rules",
      ),
    })
    .check(rule(({ rules }, report) => unique(rules, "rules", "rule", (name) => name, report))),
  "Who may call the service, and what: enforced by the broker and by the sidecar of each instance. What is denied is answered 403 `denied`.",
  { id: "Authorization" },
);

/** What holds for every service that says nothing else. */
export const meshAuthorization = described(
  z
    .strictObject({
      default: described(
        verdict,
        "what becomes of calls that no rule of the called service takes",
        VERDICT_CURE,
      ),
      mode,
    })
    .check(
      rule(({ default: byDefault, mode }, report) => {
        if (byDefault === "allow" && mode === "shadow")
          report(
            ["mode"],
            "allow denies nothing that a shadow could show",
            "leave mode out, or write default: deny",
          );
      }),
    ),
  "Who may call whom where no ServicePolicy says it.",
  { id: "MeshAuthorization" },
);

export type Authorization = Frozen<z.output<typeof authorization>>;
export type AccessRule = Authorization["rules"][number];
export type MeshAuthorization = Frozen<z.output<typeof meshAuthorization>>;
