import * as z from "zod/mini";
import { isFraming } from "./field-names.ts";
import { type Report, type Rough, rule, unique } from "./rule.ts";
import { headerName, headerValue } from "./scalars.ts";
import { described } from "./schema-notes.ts";

const header = described(
  z.strictObject({ name: headerName, value: headerValue }),
  "A header field and its value.",
  { id: "Header" },
);

const headers = z.array(header).check(z.maxLength(16));

export const headerModifier = described(
  z
    .strictObject({
      set: z.exactOptional(described(headers, "fields that replace those of the same name")),
      add: z.exactOptional(described(headers, "fields that are added to those of the same name")),
      remove: z.exactOptional(
        described(z.array(headerName).check(z.maxLength(16)), "names of fields that are taken away"),
      ),
    })
    .check(rule(judge)),
  "Changes to header fields. Fields that frame a message (content-length, transfer-encoding, connection …), host and weft-* cannot be changed.",
  { id: "HeaderModifier" },
);

function judge(value: Rough, report: Report): void {
  const lower = (name: string) => name.toLowerCase();
  for (const list of ["set", "add"] as const) {
    unique(value[list], list, "header field", lower, report);
    if (!Array.isArray(value[list])) continue;
    for (const [index, entry] of (value[list] as readonly { name?: unknown }[]).entries())
      judgeName(entry?.name, [list, index, "name"], report);
  }
  if (!Array.isArray(value.remove)) return;
  const seen = new Set<string>();
  for (const [index, name] of (value.remove as readonly unknown[]).entries()) {
    judgeName(name, ["remove", index], report);
    if (typeof name !== "string") continue;
    if (seen.has(lower(name)))
      report(
        ["remove", index],
        `header field ${JSON.stringify(name)} is already in remove`,
        "keep one of the two",
      );
    seen.add(lower(name));
  }
}

function judgeName(name: unknown, path: readonly (string | number)[], report: Report): void {
  if (typeof name !== "string") return;
  const lower = name.toLowerCase();
  if (lower === "host")
    report(path, "a header modifier cannot change host", "use a URLRewrite filter with hostname");
  else if (lower.startsWith("weft-"))
    report(path, `${JSON.stringify(name)} is a field of the mesh itself`, "choose another name");
  else if (isFraming(name))
    report(
      path,
      `${JSON.stringify(name)} frames the message or ends at the next hop: the mesh writes it`,
      "leave it out",
    );
}
