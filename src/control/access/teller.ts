import { calleeTable } from "../../access/callee-table.ts";
import type { AccessAnswer, AccessReport } from "../../identity/wire.ts";
import type { Clock } from "../../registry/clock.ts";
import type { Log } from "../../registry/drops.ts";
import type { MeshPolicy } from "../../resources/mesh-policy.ts";
import type { ServicePolicy } from "../../resources/service-policy.ts";
import type { HeldPolicy } from "../held-policy.ts";
import type { PolicyRecord } from "../record.ts";
import type { RenewalDesk } from "../renew/renewal-desk.ts";
import { MAX_NAMED, MAX_WITHIN_MS } from "../renew/wire.ts";

/** Tells every authority; rejects with the cause when one of them did not take it. */
export type TellAuthorities = (report: AccessReport) => Promise<readonly AccessAnswer[]>;

/** What the authorities know of who may call whom. */
export type TellerState =
  | { readonly kind: "none" }
  /** `unlisted`: whom the broker lets send to everybody all the same (`AccessAnswer`). */
  | { readonly kind: "told"; readonly revision: number; readonly unlisted?: readonly string[] }
  /** `revision` is the last that they were told; the broker still enforces that one. */
  | { readonly kind: "behind"; readonly revision?: number; readonly since: number; readonly cause: string };

const RETRY_MS = 250;
const RETRY_CAP_MS = 10_000;
/** An authority that was restored from a copy, or lost its table, has it again after this. */
const AGAIN_MS = 5 * 60_000;
/** A small mesh does not wait long for what is newly allowed: callees renew, then callers. */
const LEAST_WITHIN_MS = 500;
/** Of one renewal at the authority, with room to spare. */
const RENEWAL_MS = 10;
/** What was issued before that has ended by itself. */
const LONG_AGO_MS = 86_400_000;

export interface TellerDeps {
  readonly held: HeldPolicy;
  readonly renewals: Pick<RenewalDesk, "ask">;
  /** How many sidecars there are. */
  readonly sidecars: () => number;
  /** Absent where this registry knows of no authority: then the broker lets everybody send to everybody. */
  readonly tell: TellAuthorities | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Tells the authorities who may send to whom, at each change of policy and until they have taken it, and has the
 * sidecars whom a change concerns renew. Policy never waits for it: callees decide by themselves, at once.
 */
export class AuthorityTeller {
  readonly #deps: TellerDeps;
  #state: TellerState = { kind: "none" };
  #told: number | undefined;
  #telling = false;
  #again = false;
  #failures = 0;
  /** Of the wishes that were passed on. */
  readonly #asked = new Set<number>();
  #stopFollowing = (): void => {};
  #cancel = (): void => {};
  #stopped = false;

  constructor(deps: TellerDeps) {
    this.#deps = deps;
  }

  get state(): TellerState {
    return this.#state;
  }

  start(): void {
    if (this.#deps.tell === undefined) return;
    this.#stopFollowing = this.#deps.held.onChange(() => void this.#now());
    void this.#now();
  }

  stop(): void {
    this.#stopped = true;
    this.#stopFollowing();
    this.#cancel();
  }

  async #now(): Promise<void> {
    this.#again = true;
    if (this.#telling) return;
    this.#telling = true;
    this.#cancel();
    let waitMs = AGAIN_MS;
    while (this.#again && !this.#stopped) {
      this.#again = false;
      waitMs = await this.#tell();
    }
    this.#telling = false;
    if (!this.#stopped) this.#cancel = this.#deps.clock.after(waitMs, () => void this.#now());
  }

  /** @returns the ms after which to tell again */
  async #tell(): Promise<number> {
    const { held, tell, clock, log } = this.#deps;
    const { record } = held;
    if (record === undefined) return RETRY_MS;
    try {
      const answers = await tell!({ ...reportOf(record), withinMs: this.#withinMs() });
      for (const answer of answers) this.#passOn(answer);
      if (this.#failures > 0)
        log.info(
          { event: "authority-told", revision: record.revision },
          "the authority knows who may call whom",
        );
      this.#failures = 0;
      this.#told = record.revision;
      const unlisted = [...new Set(answers.flatMap(({ unlisted = [] }) => unlisted))].sort();
      this.#state = {
        ...{ kind: "told", revision: record.revision },
        ...(unlisted.length === 0 ? {} : { unlisted }),
      };
      return Math.min(AGAIN_MS, ...answers.map(({ againInMs = AGAIN_MS }) => againInMs));
    } catch (error) {
      const cause = (error as Error).message;
      const since = this.#state.kind === "behind" ? this.#state.since : clock.unix();
      if (this.#failures++ === 0)
        log.warn(
          { event: "authority-away", cause },
          "the authority was not told who may call whom: it is told again until it answers",
        );
      const last = this.#told === undefined ? {} : { revision: this.#told };
      this.#state = { kind: "behind", ...last, since, cause };
      return Math.min(RETRY_CAP_MS, RETRY_MS * 2 ** Math.min(this.#failures, 10));
    }
  }

  #passOn({ issuedBefore, services }: AccessAnswer): void {
    const { renewals, clock } = this.#deps;
    if (this.#asked.has(issuedBefore) || clock.unix() - issuedBefore > LONG_AGO_MS) return;
    this.#asked.add(issuedBefore);
    if (services?.length === 0) return;
    const named = services !== undefined && services.length <= MAX_NAMED ? { services } : {};
    renewals.ask({ issuedBefore, ...named, withinMs: this.#withinMs() });
  }

  #withinMs(): number {
    return Math.min(MAX_WITHIN_MS, Math.max(LEAST_WITHIN_MS, this.#deps.sidecars() * RENEWAL_MS));
  }
}

function reportOf({ lineage, revision, entries }: PolicyRecord): AccessReport {
  const resources = [...entries.values()].map(({ resource }) => resource);
  const mesh = resources.find((one): one is MeshPolicy => one.kind === "MeshPolicy");
  const policies = resources.filter((one): one is ServicePolicy => one.kind === "ServicePolicy");
  return { lineage, revision, table: calleeTable(policies, mesh?.spec.authorization) };
}
