import * as z from "zod/mini";
import { replacementProblem } from "./path-syntax.ts";
import { type Report, type Rough, rule } from "./rule.ts";
import { hostname, port } from "./scalars.ts";
import { described } from "./schema-notes.ts";

const replacement = z.exactOptional(z.string().check(z.maxLength(1024)));
const FIELD_OF = { ReplaceFullPath: "replaceFullPath", ReplacePrefixMatch: "replacePrefixMatch" } as const;

const pathModifier = described(
  z
    .strictObject({
      type: described(
        z.enum(["ReplaceFullPath", "ReplacePrefixMatch"]),
        "what is replaced: the path, or the prefix that matched; the query stays",
        { cure: "write ReplaceFullPath or ReplacePrefixMatch" },
      ),
      replaceFullPath: described(replacement, "the new path; with type ReplaceFullPath"),
      replacePrefixMatch: described(
        replacement,
        "what stands in place of the prefix; with type ReplacePrefixMatch",
      ),
    })
    .check(rule(judgePathModifier)),
  "Changes the path. Only the field that belongs to `type` is written. ReplacePrefixMatch needs a rule with exactly one match, of type PathPrefix.",
  { id: "PathModifier" },
) as unknown as z.ZodMiniType<PathModifier, PathModifier>;

export type PathModifier =
  | { type: "ReplaceFullPath"; replaceFullPath: string }
  | { type: "ReplacePrefixMatch"; replacePrefixMatch: string };

export const urlRewrite = described(
  z.strictObject({
    hostname: z.exactOptional(described(hostname, "host that the app behind the rule sees")),
    path: z.exactOptional(described(pathModifier, "path that the app behind the rule sees")),
  }),
  "Changes what the app behind the rule sees. May not be used together with RequestRedirect.",
  { id: "URLRewrite" },
);

const STATUS = [301, 302, 303, 307, 308] as const;

export const requestRedirect = described(
  z.strictObject({
    scheme: z.exactOptional(
      described(z.enum(["http", "https"]), "scheme of the location; left out, that of the request", {
        cure: "write http or https",
      }),
    ),
    hostname: z.exactOptional(described(hostname, "host of the location; left out, that of the request")),
    path: z.exactOptional(described(pathModifier, "path of the location; left out, that of the request")),
    port: z.exactOptional(
      described(port, "port of the location; left out, that of the scheme, or else that of the request"),
    ),
    statusCode: described(z._default(z.literal(STATUS), 302), "status of the answer", {
      cure: `write one of ${STATUS.join(", ")}`,
    }),
  }),
  "Answers with a redirect; nothing is called. May not be used together with backendRefs or URLRewrite.",
  { id: "RequestRedirect" },
);

function judgePathModifier(value: Rough, report: Report): void {
  for (const [type, field] of Object.entries(FIELD_OF)) {
    const written = value[field];
    if (value.type === type && written === undefined)
      report([field], `${field} is missing, which type ${type} needs`, `write ${field}: /new/path`);
    if (written !== undefined && value.type !== type && Object.hasOwn(FIELD_OF, String(value.type)))
      report(
        [field],
        `${field} is written, but type is ${String(value.type)}`,
        `write type: ${type}, or leave ${field} out`,
      );
    if (typeof written !== "string") continue;
    const problem =
      field === "replaceFullPath" && written === ""
        ? { message: 'the path "" is empty', cure: 'write a path that begins with "/"' }
        : replacementProblem(written);
    if (problem) report([field], problem.message, problem.cure);
  }
}
