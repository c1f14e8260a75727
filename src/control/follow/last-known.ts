import { mkdirSync, readFileSync, statSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { count, markFields } from "../../registry/frame.ts";
import { deepFreeze } from "../../resources/freeze.ts";
import { isToken } from "../../subjects/token.ts";
import type { ServiceRouting } from "../service-routing.ts";
import { MAX_SERVICES, serviceRouting } from "../wire.ts";

/** What a sidecar last knew. */
export interface SavedPolicy {
  readonly lineage: string;
  /** The revision that it ran with everything in step. */
  readonly inStep?: number;
  readonly services: readonly ServiceRouting[];
}

/** Far more than any policy; a larger file is not ours. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

const saved = z.object({
  lineage: markFields.lineage,
  inStep: z.optional(count),
  services: z.array(z.unknown()).check(z.maxLength(MAX_SERVICES)),
});

/**
 * Policy on the disk, so that a sidecar that starts while no registry is there does what it did before: the file
 * `policy.json`, mode 0600, always the old one or the new one whole. A damaged one is named, and passed over.
 */
export class LastKnown {
  readonly #folder: string;
  readonly #path: string;
  readonly #warn: (message: string) => void;
  #waiting: SavedPolicy | undefined;
  #writing: Promise<void> | undefined;
  #isBroken = false;

  /** @param folder of one service's sidecar; it is made at the first save */
  constructor(folder: string, warn: (message: string) => void) {
    this.#folder = folder;
    this.#path = join(folder, "policy.json");
    this.#warn = warn;
  }

  /** What was saved, less what is damaged; undefined when there is nothing of use. Never throws. */
  load(): SavedPolicy | undefined {
    try {
      const stat = statSync(this.#path);
      if (stat.size > MAX_FILE_BYTES) return this.#passOver("it is too large");
      if (process.platform !== "win32" && (stat.mode & 0o022) !== 0)
        return this.#passOver("other users may write it");
      return this.#check(JSON.parse(readFileSync(this.#path, "utf8")));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      return this.#passOver(error instanceof Error ? error.message : String(error));
    }
  }

  /** Writes soon, in the background; only the newest when there is much to write. */
  save(policy: SavedPolicy): void {
    this.#waiting = policy;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves when all that was saved is on the disk, or could not be written. */
  async written(): Promise<void> {
    await this.#writing;
  }

  #check(value: unknown): SavedPolicy | undefined {
    const parsed = saved.safeParse(value);
    if (!parsed.success) return this.#passOver("it is not what a sidecar writes");
    const { lineage, inStep } = parsed.data;
    const services: ServiceRouting[] = [];
    for (const one of parsed.data.services) {
      const routing = serviceRouting.safeParse(one);
      if (routing.success) services.push(deepFreeze(routing.data) as ServiceRouting);
      else this.#warn(`${this.#path}: the policy of ${nameIn(one)} is damaged, and passed over`);
    }
    const isWhole = services.length === parsed.data.services.length;
    return { lineage, services, ...(isWhole && inStep !== undefined ? { inStep } : {}) };
  }

  #passOver(why: string): undefined {
    this.#warn(`${this.#path} is passed over (${why}): policy is known again when a registry is heard`);
  }

  async #write(): Promise<void> {
    while (this.#waiting !== undefined) {
      const policy = this.#waiting;
      this.#waiting = undefined;
      try {
        await this.#replace(JSON.stringify(policy));
        this.#isBroken = false;
      } catch (error) {
        if (!this.#isBroken)
          this.#warn(
            `policy cannot be kept in ${this.#path} (${(error as Error).message}): make room or let this user write there`,
          );
        this.#isBroken = true;
      }
    }
  }

  async #replace(text: string): Promise<void> {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const temporary = `${this.#path}.${process.pid}.tmp`;
    try {
      await rm(temporary, { force: true });
      const file = await open(temporary, "wx", 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.#path);
    } finally {
      await rm(temporary, { force: true });
    }
  }
}

function nameIn(value: unknown): string {
  const service = (value as { service?: unknown } | null)?.service;
  return typeof service === "string" && isToken(service) ? service : "a service";
}
