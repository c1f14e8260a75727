import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { readSecret } from "../../identity/keys/secret-files.ts";
import { WEFT_VERSION } from "../../protocol/weft-version.ts";
import { environmentSecret } from "../environment-secrets.ts";
import { Fault } from "../fault.ts";
import { needState } from "../identity/need-state.ts";
import { printLine } from "../policy/print.ts";
import { sayOnStderr } from "../terminal.ts";
import type { BugReportFlags } from "../verbs/bug-report.ts";
import { gather } from "./gather.ts";
import { sourcesOf } from "./sources.ts";
import { tar } from "./tar.ts";

/** Gathers everything, writes the archive, and says what is not in it. */
export async function bugReport(flags: BugReportFlags): Promise<void> {
  const state = resolve(flags.state);
  needState(state);
  const now = Date.now();
  const madeAt = new Date(now).toISOString();
  const output = flags.output ?? `weft-bug-report-${madeAt.slice(0, 19).replace(/[:T]/g, "-")}.tar.gz`;
  const sources = sourcesOf({ state, admins: flags.sidecar ?? [], now });
  const { files, manifest } = await gather(sources, knownSecrets(state), { madeAt, weft: WEFT_VERSION });
  const all = [{ name: "manifest.json", text: `${JSON.stringify(manifest, null, 2)}\n` }, ...files];
  const archive = tar(
    all.map(({ name, text }) => ({ name: `weft-bug-report/${name}`, text })),
    now,
  );
  write(output, gzipSync(archive));
  for (const { name, why } of manifest.missing)
    sayOnStderr()("warn", `without ${name}: ${why}`, "part-missing");
  printLine(output);
}

/** Those that look like nothing in particular. */
const knownSecrets = (state: string): string[] =>
  [
    readSecret(join(state, "registry", "admin-token"))?.trim(),
    environmentSecret("WEFT_ADMIN_TOKEN"),
    environmentSecret("WEFT_TOKEN"),
  ].flatMap((secret) => (secret ? [secret] : []));

/** Its owner's alone, and never over something that is there. @throws Fault */
function write(file: string, data: Buffer): void {
  try {
    writeFileSync(file, data, { mode: 0o600, flag: "wx" });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "EEXIST" ? "is there already" : `cannot be written (${code})`;
    throw new Fault(`${file} ${why}`, "give another file with -o FILE");
  }
}
