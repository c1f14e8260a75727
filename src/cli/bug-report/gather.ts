import type { TarFile } from "./tar.ts";
import { withoutSecrets } from "./without-secrets.ts";

/** One file of the report: its name, where it comes from, and how it is had. A throw says why it cannot be. */
export interface Source {
  readonly name: string;
  readonly what: string;
  read(): unknown;
}

/** What is in the report, and what could not be had. */
export interface Manifest {
  readonly madeAt: string;
  readonly weft: string;
  readonly files: readonly { readonly name: string; readonly what: string; readonly bytes: number }[];
  readonly missing: readonly { readonly name: string; readonly what: string; readonly why: string }[];
}

/** A source that does not answer is left out after so long. */
const WITHIN_MS = 10_000;
/** Of each file. */
const MOST_CHARACTERS = 4 << 20;

/**
 * Reads all sources side by side: texts as they are, everything else as JSON; secrets are replaced.
 * @param known secrets that look like nothing in particular
 */
export async function gather(
  sources: readonly Source[],
  known: readonly string[],
  about: Pick<Manifest, "madeAt" | "weft">,
  withinMs = WITHIN_MS,
): Promise<{ files: TarFile[]; manifest: Manifest }> {
  const files: TarFile[] = [];
  const [listed, missing] = [[], []] as [Manifest["files"][number][], Manifest["missing"][number][]];
  const clean = (text: string) => withoutSecrets(text, known);
  const results = await Promise.allSettled(sources.map(({ read }) => inTime(read, withinMs)));
  for (const [i, result] of results.entries()) {
    const { name, what } = sources[i]!;
    if (result.status === "rejected") {
      const why = clean((result.reason as Error)?.message ?? String(result.reason));
      missing.push({ name, what, why });
      continue;
    }
    const value: unknown = result.value;
    const text = typeof value === "string" ? value : `${JSON.stringify(value, null, 2) ?? "null"}\n`;
    const cleaned = clean(text).slice(-MOST_CHARACTERS);
    files.push({ name, text: cleaned });
    listed.push({ name, what, bytes: Buffer.byteLength(cleaned) });
  }
  return { files, manifest: { ...about, files: listed, missing } };
}

async function inTime(read: () => unknown, withinMs: number): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${withinMs / 1000} s`)), withinMs);
  });
  try {
    return await Promise.race([(async () => read())(), late]);
  } finally {
    clearTimeout(timer);
  }
}
