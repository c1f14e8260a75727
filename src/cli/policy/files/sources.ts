import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "../../fault.ts";

/** One file as it was named, or found in a folder. */
export interface Source {
  readonly file: string;
  readonly bytes: Buffer;
}

/** Who writes more by hand has more than one mesh; what is larger is refused before it is parsed. */
export const MAX_FILE_BYTES = 1 << 20;
const MAX_TOTAL_BYTES = 4 << 20;

/**
 * Reads the files that `-f` names: a file, a folder (its `*.yaml`, `*.yml` and `*.json`, sorted), or `-` for stdin.
 * A file over the limit comes with one byte more than the limit.
 * @throws Fault for what cannot be read, and for more than 4 MiB in total
 */
export async function readSources(names: readonly string[], recursive: boolean): Promise<Source[]> {
  const files = [...new Set(names.flatMap((name) => (name === "-" ? [name] : filesOf(name, recursive))))];
  const sources: Source[] = [];
  let total = 0;
  for (const file of files) {
    const bytes = file === "-" ? await readStdin() : attempt(file, () => readBounded(file));
    total += bytes.length;
    if (total > MAX_TOTAL_BYTES)
      throw new Fault(
        `the files are larger than ${MAX_TOTAL_BYTES >> 20} MiB together (with ${shown(file)})`,
        "apply them in several steps",
      );
    sources.push({ file: shown(file), bytes });
  }
  return sources;
}

const shown = (file: string): string => (file === "-" ? "stdin" : file);

function filesOf(name: string, recursive: boolean): string[] {
  if (!attempt(name, () => statSync(name)).isDirectory()) return [name];
  const found = attempt(name, () => readdirSync(name, { recursive, encoding: "utf8" }))
    .filter((inside) => /\.(?:ya?ml|json)$/.test(inside))
    .map((inside) => join(name, inside))
    .filter((file) => !attempt(file, () => statSync(file)).isDirectory())
    .sort();
  if (found.length === 0)
    throw new Fault(
      `the folder ${name} holds no *.yaml, *.yml or *.json`,
      recursive ? "name another folder" : "name another folder, or look into those below it with -R",
    );
  return found;
}

/** Never reads more than one byte over the limit, whatever the file is: a pipe has no size. */
function readBounded(file: string): Buffer {
  const descriptor = openSync(file, "r");
  try {
    const bytes = Buffer.alloc(MAX_FILE_BYTES + 1);
    for (let length = 0; ; ) {
      const read = readSync(descriptor, bytes, length, bytes.length - length, null);
      length += read;
      if (read === 0 || length === bytes.length) return bytes.subarray(0, length);
    }
  } finally {
    closeSync(descriptor);
  }
}

async function readStdin(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_FILE_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_FILE_BYTES + 1);
}

function attempt<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Fault(
      `${shown(file)} cannot be read (${code ?? message})`,
      "name a file, a folder, or - for stdin",
    );
  }
}
