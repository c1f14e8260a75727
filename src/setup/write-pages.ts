import { writeFileSync } from "node:fs";
import { codesPage } from "../resources/codes-page.ts";
import { referencePage } from "../resources/reference.ts";
import { metricsPage } from "./metrics-page.ts";
import { usersPage } from "./users-page.ts";

/** Writes the pages that are generated from sources; a test checks that they are current. */
const PAGES: readonly (readonly [file: string, render: () => string])[] = [
  ["../resources/REFERENCE.md", referencePage],
  ["../protocol/CODES.md", codesPage],
  ["../identity/USERS.md", usersPage],
  ["../telemetry/METRICS.md", metricsPage],
];

for (const [file, render] of PAGES) writeFileSync(new URL(file, import.meta.url), render());
