import { writeFileSync } from "node:fs";
import { codesPage } from "../resources/codes-page.ts";
import { referencePage } from "../resources/reference.ts";

/** Writes the pages that are generated from sources; a test checks that they are current. */
const PAGES: readonly (readonly [file: string, render: () => string])[] = [
  ["../resources/REFERENCE.md", referencePage],
  ["../protocol/CODES.md", codesPage],
];

for (const [file, render] of PAGES) writeFileSync(new URL(file, import.meta.url), render());
