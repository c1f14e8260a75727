import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** An empty folder that goes away with the test. */
export function stateFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "weft-test-state-"));
  t.after(() => removeFolder(folder));
  return folder;
}

/** Tried again, because what is ending may be writing its last file. */
export const removeFolder = (folder: string): void =>
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
