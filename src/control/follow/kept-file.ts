import { mkdirSync, readFileSync, statSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type * as z from "zod/mini";

/** Several sidecars of one process may have one folder. */
let files = 0;

export interface KeptFileOptions {
  /** What is kept, for people: `policy`. */
  readonly what: string;
  /** What becomes of it when the file is passed over. */
  readonly without: string;
  /** A larger file is not ours. */
  readonly maxBytes: number;
  /** Told what an operator should know. */
  readonly warn: (message: string) => void;
}

/**
 * A file of JSON that outlives the sidecar: mode 0600, always the old one or the new one whole. A damaged one is named,
 * and passed over.
 */
export class KeptFile {
  readonly path: string;
  readonly #folder: string;
  readonly #temporary: string;
  readonly #options: KeptFileOptions;
  #waiting: object | undefined;
  #writing: Promise<void> | undefined;
  #isBroken = false;

  /** @param folder of one service's sidecar; it is made at the first save */
  constructor(folder: string, name: string, options: KeptFileOptions) {
    this.#folder = folder;
    this.path = join(folder, name);
    this.#temporary = `${this.path}.${process.pid}.${files++}.tmp`;
    this.#options = options;
  }

  /** What was saved; undefined when there is nothing of use. Never throws. */
  load<Value>(schema: z.ZodMiniType<Value>): Value | undefined {
    try {
      const stat = statSync(this.path);
      if (stat.size > this.#options.maxBytes) return this.#passOver("it is too large");
      if (process.platform !== "win32" && (stat.mode & 0o022) !== 0)
        return this.#passOver("other users may write it");
      const parsed = schema.safeParse(JSON.parse(readFileSync(this.path, "utf8")));
      return parsed.success ? parsed.data : this.#passOver("it is not what a sidecar writes");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      return this.#passOver(error instanceof Error ? error.message : String(error));
    }
  }

  /** Writes soon, in the background; only the newest when there is much to write. */
  save(value: object): void {
    this.#waiting = value;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves when all that was saved is on the disk, or could not be written. */
  async written(): Promise<void> {
    await this.#writing;
  }

  #passOver(why: string): undefined {
    this.#options.warn(`${this.path} is passed over (${why}): ${this.#options.without}`);
  }

  async #write(): Promise<void> {
    while (this.#waiting !== undefined) {
      const value = this.#waiting;
      this.#waiting = undefined;
      try {
        await this.#replace(JSON.stringify(value));
        this.#isBroken = false;
      } catch (error) {
        if (!this.#isBroken)
          this.#options.warn(
            `${this.#options.what} cannot be kept in ${this.path} (${(error as Error).message}): make room or let this user write there`,
          );
        this.#isBroken = true;
      }
    }
  }

  async #replace(text: string): Promise<void> {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const temporary = this.#temporary;
    try {
      await rm(temporary, { force: true });
      const file = await open(temporary, "wx", 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.path);
    } finally {
      await rm(temporary, { force: true });
    }
  }
}
