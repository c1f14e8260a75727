import * as z from "zod/mini";
import { count, markFields } from "../../registry/frame.ts";
import { deepFreeze } from "../../resources/freeze.ts";
import { isToken } from "../../subjects/token.ts";
import type { ServiceRouting } from "../service-routing.ts";
import { MAX_SERVICES, serviceRouting } from "../wire.ts";
import { KeptFile } from "./kept-file.ts";

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
 * `policy.json`. What it has of a service and is damaged is named, and passed over.
 */
export class LastKnown {
  readonly #file: KeptFile;
  readonly #warn: (message: string) => void;

  /** @param folder of one service's sidecar; it is made at the first save */
  constructor(folder: string, warn: (message: string) => void) {
    this.#warn = warn;
    this.#file = new KeptFile(folder, "policy.json", {
      ...{ what: "policy", without: "policy is known again when a registry is heard" },
      ...{ maxBytes: MAX_FILE_BYTES, warn },
    });
  }

  /** What was saved, less what is damaged; undefined when there is nothing of use. Never throws. */
  load(): SavedPolicy | undefined {
    const kept = this.#file.load(saved);
    if (kept === undefined) return undefined;
    const { lineage, inStep } = kept;
    const services: ServiceRouting[] = [];
    for (const one of kept.services) {
      const routing = serviceRouting.safeParse(one);
      if (routing.success) services.push(deepFreeze(routing.data) as ServiceRouting);
      else this.#warn(`${this.#file.path}: the policy of ${nameIn(one)} is damaged, and passed over`);
    }
    const isWhole = services.length === kept.services.length;
    return { lineage, services, ...(isWhole && inStep !== undefined ? { inStep } : {}) };
  }

  /** Writes soon, in the background; only the newest when there is much to write. */
  save(policy: SavedPolicy): void {
    this.#file.save(policy);
  }

  /** Resolves when all that was saved is on the disk, or could not be written. */
  written(): Promise<void> {
    return this.#file.written();
  }
}

function nameIn(value: unknown): string {
  const service = (value as { service?: unknown } | null)?.service;
  return typeof service === "string" && isToken(service) ? service : "a service";
}
