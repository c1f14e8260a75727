import { type PolicyMark, SILENT_AFTER_MS } from "../../registry/wire.ts";
import { sameMark } from "../wire.ts";

/**
 * The policy that there is to run, as the registries heard of late tell it. Within a lineage the highest revision
 * counts, because a replica may lag behind another for a moment; once nobody has told that one for a while a lower one
 * counts too, because a store may have been restored from a copy.
 */
export class NewestMark {
  #mark: PolicyMark | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;

  get mark(): PolicyMark | undefined {
    return this.#mark;
  }

  /** @param now by the clock that never jumps, in ms */
  hear({ lineage, revision }: PolicyMark, now: number): void {
    const newest = this.#mark;
    const lags = lineage === newest?.lineage && revision < newest.revision;
    if (lags && this.isTold(now)) return;
    if (!sameMark(newest, { lineage, revision })) this.#mark = { lineage, revision };
    this.#toldAt = now;
  }

  /** Whether an answer at `mark` is not from a replica that has yet to read what another has told already. */
  takes({ lineage, revision }: PolicyMark, now: number): boolean {
    const newest = this.#mark;
    if (newest === undefined || !this.isTold(now)) return true;
    return lineage === newest.lineage && revision >= newest.revision;
  }

  /** Whether a registry that knows the policy was heard of late. */
  isTold(now: number): boolean {
    return now - this.#toldAt <= SILENT_AFTER_MS;
  }
}
