import { CODES } from "../protocol/code.ts";
import { code, generated, table } from "./markdown.ts";

/** The page of all codes that the mesh answers with, in Markdown. */
export function codesPage(): string {
  const rows = Object.entries(CODES).map(([name, { status, delivered, flag, cause, cure }]) => [
    code(name),
    String(status),
    delivered === "no" ? "no" : "maybe",
    flag,
    cause,
    cure,
  ]);
  return `${[
    generated("Codes", "[code.ts](code.ts)"),
    "Each answer that the mesh makes itself has one of these in its header `weft-error`. _Seen_ says whether the app may have seen the call: where it says no, a second attempt is safe for any method. _Flag_ is Envoy's response flag in access logs.",
    table(["code", "status", "seen", "flag", "cause", "cure"], rows),
  ].join("\n\n")}\n`;
}
