import { X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { createSecureContext, type SecureContext } from "node:tls";
import type { Say } from "../options.ts";
import type { CertificateFiles } from "./options.ts";

/** A certificate or its key cannot be used; the text names the file and the cure. */
export class CertificateError extends Error {
  override readonly name = "CertificateError";
}

interface Loaded {
  readonly files: CertificateFiles;
  /** Of both files; another one means that they have changed. */
  readonly mark: string;
  readonly leaf: X509Certificate;
  readonly pem: Pem;
  readonly context: SecureContext;
}

/** As `tls.createServer` takes it. */
interface Pem {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly minVersion: "TLSv1.2";
}

/**
 * The certificates of a listener, chosen by the server name that a client asks for, and read again when their files
 * change. They are looked at by time, not by the file system's events: those say nothing of a file that is a link into
 * a folder that was swapped, which is how secrets are mounted.
 */
export class Certificates {
  readonly #say: Say;
  readonly #changed: () => void;
  #loaded: readonly Loaded[];
  #timer: NodeJS.Timeout | undefined;
  /** What was said last of each pair that could not be read: once is enough. */
  readonly #problems = new Map<CertificateFiles, string>();

  private constructor(loaded: readonly Loaded[], say: Say, changed: () => void) {
    this.#loaded = loaded;
    this.#say = say;
    this.#changed = changed;
  }

  /**
   * @param changed told when `context` gives others
   * @throws CertificateError
   */
  static async load(
    files: readonly CertificateFiles[],
    say: Say,
    changed: () => void = () => {},
  ): Promise<Certificates> {
    const loaded = await Promise.all(files.map(load));
    return new Certificates(loaded, say, changed);
  }

  /** For those who name no host. */
  get first(): Pem {
    return this.#loaded[0]!.pem;
  }

  /** When the first of them ends, in Unix ms. */
  get endsAt(): number {
    return Math.min(...this.#loaded.map(({ leaf }) => Date.parse(leaf.validTo)));
  }

  /** @param serverName that a client asks for; where none is for it, the first stands in */
  context(serverName: string): SecureContext {
    const fitting = this.#loaded.find(({ leaf }) => leaf.checkHost(serverName) !== undefined);
    return (fitting ?? this.#loaded[0]!).context;
  }

  /** Looks at the files each `everyMs`, until `close`. */
  watch(everyMs: number): void {
    this.#timer = setInterval(() => void this.look(), everyMs);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Reads the files again that have changed. What cannot be used is told, and what was there before stays. */
  async look(): Promise<void> {
    const loaded = await Promise.all(this.#loaded.map((one) => this.#again(one)));
    if (loaded.every((one, i) => one === this.#loaded[i])) return;
    this.#loaded = loaded;
    this.#changed();
  }

  async #again(before: Loaded): Promise<Loaded> {
    const { files } = before;
    try {
      if ((await markOf(files)) === before.mark) return before;
      const after = await load(files);
      this.#problems.delete(files);
      this.#say("info", `${files.cert} was read again: good until ${after.leaf.validTo}`, "certificate-read");
      return after;
    } catch (error) {
      const { message } = error as Error;
      if (this.#problems.get(files) !== message)
        this.#say("warn", `the certificate stays as it was: ${message}`, "certificate-bad");
      this.#problems.set(files, message);
      return before;
    }
  }
}

/** Node and size besides the time: a file that took another's place may be as old. */
async function markOf({ cert, key }: CertificateFiles): Promise<string> {
  const marks = [cert, key].map(async (file) => {
    const { ino, mtimeMs, size } = await stat(file).catch((error) => Promise.reject(unreadable(file, error)));
    return `${ino} ${mtimeMs} ${size}`;
  });
  return (await Promise.all(marks)).join(", ");
}

async function load(files: CertificateFiles): Promise<Loaded> {
  const mark = await markOf(files);
  const read = (file: string): Promise<Buffer> =>
    readFile(file).catch((error) => Promise.reject(unreadable(file, error)));
  const [cert, key] = await Promise.all([read(files.cert), read(files.key)]);
  let leaf: X509Certificate;
  try {
    leaf = new X509Certificate(cert);
  } catch {
    throw new CertificateError(`${files.cert} holds no certificate in PEM: give the chain, the leaf first`);
  }
  try {
    const pem: Pem = { cert, key, minVersion: "TLSv1.2" };
    return { files, mark, leaf, pem, context: createSecureContext(pem) };
  } catch {
    throw new CertificateError(
      `${files.key} is not the key of ${files.cert}, or no PEM without a passphrase: give the two that belong together`,
    );
  }
}

const unreadable = (file: string, { code }: NodeJS.ErrnoException): CertificateError =>
  new CertificateError(`${file} cannot be read (${code}): name a file that this user may read`);
