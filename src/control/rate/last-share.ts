import * as z from "zod/mini";
import type { Clock } from "../../registry/clock.ts";
import { KeptFile } from "../follow/kept-file.ts";

/** A share of a rate, and among how many instances that was divided. */
export interface KeptShare {
  readonly share: number;
  readonly instances: number;
}

/** Far more than the few numbers of it. */
const MAX_FILE_BYTES = 4096;
/** A change is written so much later, with what has changed until then: not each report is a write. */
const WRITE_AFTER_MS = 5000;
/** A share that moved by less is not written. */
const LEAST_CHANGE = 0.1;
/** What has not changed is written again, so that its age tells for how long it has not been lent. */
const AGAIN_MS = 1_200_000;
/** After this others have been lent it long since: what remains is how many instances there were. */
const STALE_MS = 3_600_000;

const saved = z.object({
  instance: z.string(),
  share: z.number().check(z.minimum(1e-9), z.maximum(1)),
  instances: z.int().check(z.minimum(1)),
  /** Unix time in ms. */
  at: z.number(),
});

/**
 * The last share of a global rate on the disk, so that instances that start again while no registry is there do not each
 * take the whole rate: the file `rate-share.json`. Instances of one service may have one folder; the file is then of one
 * of them, and tells the others how many there are.
 */
export class LastShare {
  readonly #file: KeptFile;
  readonly #clock: Clock;
  readonly #instance: string;
  #newest: KeptShare | undefined;
  #written: (KeptShare & { readonly writtenAt: number }) | undefined;
  #cancel: (() => void) | undefined;

  /** @param folder where the policy is kept, too; it is made at the first save */
  constructor(folder: string, instance: string, clock: Clock, warn: (message: string) => void) {
    this.#instance = instance;
    this.#clock = clock;
    this.#file = new KeptFile(folder, "rate-share.json", {
      ...{ what: "the share of the rate", without: "it is lent anew when a registry is heard" },
      ...{ maxBytes: MAX_FILE_BYTES, warn },
    });
  }

  /** What to begin with; undefined when nothing is known. Never throws. */
  load(): KeptShare | undefined {
    const kept = this.#file.load(saved);
    if (kept === undefined) return undefined;
    const { instance, share, instances, at } = kept;
    const isOwn = instance === this.#instance && Math.abs(this.#clock.unix() - at) < STALE_MS;
    return { share: isOwn ? share : 1 / instances, instances };
  }

  /** Takes what a registry has lent; it is written rarely, and later. */
  note(share: number, instances: number): void {
    this.#newest = { share, instances };
    if (this.#cancel === undefined && this.#isNews(this.#newest))
      this.#cancel = this.#clock.after(WRITE_AFTER_MS, () => this.#write());
  }

  /** Writes no more, not even what has just changed: while all leave, the last would keep what the others had. */
  close(): void {
    this.#cancel?.();
  }

  /** Resolves when all that was saved is on the disk, or could not be written. */
  written(): Promise<void> {
    return this.#file.written();
  }

  #isNews({ share, instances }: KeptShare): boolean {
    const before = this.#written;
    return (
      before === undefined ||
      instances !== before.instances ||
      Math.abs(share - before.share) > before.share * LEAST_CHANGE ||
      this.#clock.now() - before.writtenAt >= AGAIN_MS
    );
  }

  #write(): void {
    this.#cancel = undefined;
    const newest = this.#newest!;
    this.#written = { ...newest, writtenAt: this.#clock.now() };
    this.#file.save({ instance: this.#instance, ...newest, at: this.#clock.unix() });
  }
}
