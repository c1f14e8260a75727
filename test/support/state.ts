import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** An empty folder that goes away with the test. */
export function stateFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "weft-test-state-"));
  // Tried again: what is ending may be writing its last file.
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));
  return folder;
}
