import type { Clock } from "../../registry/clock.ts";
import type { Finding } from "../../resources/finding.ts";
import { finding } from "../../resources/finding.ts";
import { keyOf, resourceKey } from "../../resources/key.ts";
import type { Kind } from "../../resources/read.ts";
import type { World } from "../analyse/world.ts";
import type { HeldPolicy } from "../held-policy.ts";
import type { PolicyRecord } from "../record.ts";
import { encodeRecord } from "../store/encode.ts";
import type { PolicyKeeper } from "../store/keeper.ts";
import { applied, type Change, type Draft, deleted, nextRecord, restored } from "./change.ts";
import { allowUnknown, bounded, isError, judge, readValues } from "./judge.ts";
import { oversize } from "./size.ts";
import { UnavailableError } from "./unavailable.ts";

/** How a change ended: `done` also when it was a dry run or changed nothing. */
export type Outcome =
  | {
      readonly kind: "done";
      readonly revision: number;
      readonly dryRun: boolean;
      readonly changes: readonly Change[];
      readonly findings: readonly Finding[];
    }
  | { readonly kind: "refused"; readonly findings: readonly Finding[] };

export interface ChangeOptions {
  /** Tells what would be done, and does nothing. */
  readonly dryRun: boolean;
  /** Who, as they name themselves. */
  readonly by: string;
}

export interface ResourceName {
  readonly kind: Kind;
  readonly name: string;
  readonly namespace?: string;
}

export interface EditorDeps {
  readonly held: HeldPolicy;
  readonly keeper: PolicyKeeper;
  readonly world: World;
  readonly clock: Clock;
  /** The largest message that the broker takes, in bytes. */
  readonly maxPayload: () => number;
}

interface Proposal {
  readonly base: PolicyRecord;
  readonly draft: Draft;
  readonly findings: readonly Finding[];
  /** The first that nobody has. */
  readonly revision: number;
  readonly cause: string;
}

/** Two who apply at once take turns; more often than this in a row nobody loses. */
const MAX_TURNS = 8;
const MAX_WAITING = 32;

/** A revision that is asked for and not kept. */
export class UnknownRevisionError extends Error {
  override readonly name = "UnknownRevisionError";
}

/**
 * Changes the policy: all of what is asked for, or nothing. Every method throws UnavailableError when the policy is
 * not known or cannot be stored.
 */
export class PolicyEditor {
  readonly #deps: EditorDeps;

  constructor(deps: EditorDeps) {
    this.#deps = deps;
  }

  /**
   * Creates or replaces resources.
   * @param values anything: what is no resource is told
   */
  apply(
    values: readonly unknown[],
    options: ChangeOptions & { readonly allowUnknown: boolean },
  ): Promise<Outcome> {
    const { world, clock } = this.#deps;
    const read = readValues(values, world);
    const resources = [...new Map(read.judged.map(({ resource }) => [keyOf(resource), resource])).values()];
    return this.#change(options, async () => {
      const base = this.#base();
      const found = await judge(read, base, world);
      const findings = options.allowUnknown ? found.map(allowUnknown) : found;
      const draft = applied(base, resources, clock.unix());
      return { base, draft, findings, revision: base.revision + 1, cause: "apply" };
    });
  }

  /** Takes resources out; refused when one of them is not there. */
  delete(names: readonly ResourceName[], options: ChangeOptions): Promise<Outcome> {
    const keys = names.map(({ kind, name, namespace }) => resourceKey(kind, name, namespace));
    return this.#change(options, async () => {
      const base = this.#base();
      const findings = keys.flatMap((key, document) => {
        const [kind, namespace, name] = key.split("/");
        const where = { document, resource: `${kind} ${name}`, path: "" };
        const message = `there is no ${kind} ${name}${namespace === "default" ? "" : ` in the namespace ${namespace}`}`;
        return base.entries.has(key) ? [] : [finding("unknown-resource", where, message)];
      });
      const draft = deleted(base, keys);
      return { base, draft, findings, revision: base.revision + 1, cause: "delete" };
    });
  }

  /**
   * Makes the policy what it was at an earlier revision, under a new one. It also mends a store whose newest record
   * cannot be read.
   * @param revision the one before the newest that can be read, or that one when a newer cannot, if not given
   * @throws UnknownRevisionError, RecordError when that revision is damaged
   */
  rollback(revision: number | undefined, options: ChangeOptions): Promise<Outcome> {
    return this.#change(options, async () => {
      const { held, keeper } = this.#deps;
      const kept = await keeper.history();
      const newest = kept[0];
      const broken = keeper.state.kind === "broken";
      const current = broken ? held.record : this.#base();
      const wanted =
        revision ?? (broken ? newest : kept.find((one) => one.revision < held.revision))?.revision;
      const earlier = wanted === undefined ? undefined : await keeper.recordAt(wanted);
      if (earlier === undefined)
        throw new UnknownRevisionError(
          `revision ${wanted ?? "before this one"} is not kept (the last 64 are): "weft history" lists those that are`,
        );
      const base = current ?? { ...earlier, entries: new Map(), services: new Map() };
      const draft = restored(base, earlier);
      const highest = Math.max(base.revision, newest?.revision ?? 0);
      const cause = `rollback to ${earlier.revision}`;
      return { base, draft, findings: [], revision: highest + 1, cause };
    });
  }

  /** What can be said of resources, as if they were applied; of what is applied when there are none. */
  async analyse(values: readonly unknown[]): Promise<readonly Finding[]> {
    const { world } = this.#deps;
    return bounded(await judge(readValues(values, world), this.#base(), world));
  }

  #base(): PolicyRecord {
    const { held, keeper } = this.#deps;
    const { kind, cause } = keeper.state;
    if (kind === "broken")
      throw new UnavailableError(
        "store-broken",
        `the policy in the store cannot be read (${cause}): "weft rollback" puts the last one that can be read in its place`,
      );
    if (held.record === undefined)
      throw new UnavailableError(
        "policy-loading",
        `the registry has not read its store yet${cause === undefined ? "" : ` (${cause})`}: is the broker up, with JetStream and a leader?`,
      );
    return held.record;
  }

  async #change(options: ChangeOptions, propose: () => Promise<Proposal>): Promise<Outcome> {
    const { keeper } = this.#deps;
    if (keeper.waiting >= MAX_WAITING)
      throw new UnavailableError("busy", `${MAX_WAITING} changes of policy wait already: try again later`);
    return keeper.exclusively(async () => {
      // What would be done may be told from memory, too.
      await keeper.refresh().catch((error: unknown) => {
        if (!options.dryRun) throw error;
      });
      for (let turn = 0; turn < MAX_TURNS; turn++) {
        const outcome = await this.#attempt(options, await propose());
        if (outcome !== undefined) return outcome;
      }
      throw new UnavailableError("busy", "others change the policy all the time: try again");
    });
  }

  /** @returns undefined when somebody else was first */
  async #attempt({ dryRun, by }: ChangeOptions, proposal: Proposal): Promise<Outcome | undefined> {
    const { base, draft, revision, cause, findings } = proposal;
    const { keeper, clock, maxPayload } = this.#deps;
    const { changes } = draft;
    if (findings.some(isError)) return { kind: "refused", findings: bounded(findings) };
    const done = { kind: "done", dryRun, changes, findings: bounded(findings) } as const;
    const mends = keeper.state.kind === "broken";
    if (!mends && changes.every(({ change }) => change === "unchanged"))
      return { ...done, revision: base.revision };
    const next = nextRecord(base, draft, revision, { at: clock.unix(), by, cause });
    const packed = encodeRecord(next);
    const limits = { storeBytes: keeper.maxBytes, messageBytes: maxPayload() };
    const tooLarge = oversize(next, changes, packed, limits);
    if (packed === undefined || tooLarge.length > 0)
      return { kind: "refused", findings: bounded([...tooLarge, ...findings]) };
    if (dryRun) return { ...done, revision: base.revision };
    return (await keeper.write(next, packed)) ? { ...done, revision } : undefined;
  }
}
