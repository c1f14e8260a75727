import type { Bus } from "../../bus/bus.ts";
import { Asker } from "../../registry/ask.ts";
import type { Clock } from "../../registry/clock.ts";
import { pack, readAlive } from "../../registry/frame.ts";
import { HEARTBEAT_MS, type PolicyMark } from "../../registry/wire.ts";
import { registry as subjects } from "../../subjects/subjects.ts";
import type { ServiceRouting } from "../service-routing.ts";
import {
  MAX_SERVICES,
  type PolicyAnswer,
  type PolicyRequest,
  readPolicyAnswer,
  readPolicyEvent,
  sameMark,
} from "../wire.ts";
import { FollowedPolicies, type FollowedPolicy, release } from "./followed-policies.ts";
import type { LastKnown } from "./last-known.ts";
import { NewestMark } from "./newest-mark.ts";

const ASK_TIMEOUT_MS = 2000;
/** Every sidecar asks after a change: spread, but little, because a change should act at once. */
const SPREAD_MS = 200;
/** Of one service in a question, with room to spare. */
const ENTRY_BYTES = 128;
/** To ask again when the answer was that of a replica that lags behind. */
const RETRY_MS = 200;
/** A registry tells of itself every `HEARTBEAT_MS`: until then it may be there unheard. */
const EXPECT_MS = HEARTBEAT_MS + 500;

export interface PolicyTableOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  /** The service and instance that this sidecar is; the service's own policy is followed from the start. */
  readonly caller: string;
  readonly instance: string;
  /** Where policy outlives this process. */
  readonly lastKnown?: LastKnown;
  readonly say?: (level: "info" | "warn", message: string, event: string) => void;
}

/**
 * The policy of the services that a sidecar calls, and of its own. It learns of a service at the first use, follows it
 * from then on, and keeps what it has while no registry is heard. A call takes what there is; only `whenKnown` waits.
 */
export class PolicyTable {
  readonly #options: PolicyTableOptions;
  readonly #asker: Asker;
  readonly #newest = new NewestMark();
  readonly #followed: FollowedPolicies;
  readonly #changeListeners = new Set<(service: string) => void>();
  readonly #stepListeners = new Set<() => void>();
  readonly #stops: (() => void)[];
  /** Asked for and answered, be it with what could not be read. */
  #settled: PolicyMark | undefined;
  #inStep: PolicyMark | undefined;
  #unsaved = false;
  #asking = false;
  /** Somebody came too late for the question under way. */
  #again = false;
  #cancelSoon: (() => void) | undefined;
  #listeningSince: number;
  #closed = false;

  /** @throws NameError when `caller` or `instance` is not a name */
  constructor(options: PolicyTableOptions) {
    const { bus, clock, caller, instance } = options;
    this.#options = options;
    this.#asker = new Asker(bus, clock, caller, instance);
    this.#followed = new FollowedPolicies(caller, MAX_SERVICES);
    this.#listeningSince = clock.now();
    const events = bus.subscribe(subjects.policyEvent, undefined, ({ data }) => this.#onEvent(data));
    const alive = bus.subscribe(subjects.alive, undefined, ({ data }) => this.#onAlive(data));
    this.#stops = [
      () => events.unsubscribe(),
      () => alive.unsubscribe(),
      () => this.#asker.close(),
      () => this.#cancelSoon?.(),
      bus.onState(() => this.#onBus()),
    ];
    this.#restore();
    if (this.#followed.peek(caller) === undefined) this.#followed.add(caller);
    void this.#ask();
  }

  /**
   * What policy says of a service, as last known; undefined until it is known. Frozen, and the same object
   * until something changes.
   * @throws NameError when `service` is not a name
   */
  get(service: string): ServiceRouting | undefined {
    return this.#entry(service).routing;
  }

  /**
   * Resolves when `get` gives something, or `waitMs` is over. Resolves at once when nothing is to be expected: the
   * broker is away, or no registry that knows of policy is heard. Never rejects.
   */
  whenKnown(service: string, waitMs: number): Promise<void> {
    const followed = this.#entry(service);
    if (followed.routing !== undefined || !followed.due || !this.#isExpected()) return Promise.resolve();
    return new Promise((resolve) => {
      const settle = (): void => {
        cancel();
        followed.waiting.delete(settle);
        resolve();
      };
      const cancel = this.#options.clock.after(waitMs, settle);
      followed.waiting.add(settle);
    });
  }

  /** Whether the one that there is could not be read, so that `get` gives the last good one, or nothing. */
  isWithheld(service: string): boolean {
    return this.#followed.peek(service)?.refused !== undefined;
  }

  /** Hears the name of each service in use whose routing is another now; returns the way to stop. */
  onChange(listener: (service: string) => void): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  /** The policy that is run here, with every service in use in step; undefined before the first answer. */
  get inStep(): PolicyMark | undefined {
    return this.#inStep;
  }

  /** Hears when `inStep` is another; returns the way to stop. */
  onStep(listener: () => void): () => void {
    this.#stepListeners.add(listener);
    return () => this.#stepListeners.delete(listener);
  }

  close(): void {
    this.#closed = true;
    for (const stop of this.#stops.splice(0)) stop();
    this.#followed.releaseAll();
  }

  #entry(service: string): FollowedPolicy {
    const followed = this.#followed.use(service);
    if (followed !== undefined) return followed;
    const added = this.#followed.add(service);
    void this.#ask();
    return added;
  }

  #restore(): void {
    const saved = this.#options.lastKnown?.load();
    if (saved === undefined) return;
    this.#followed.restore(saved);
    if (saved.inStep !== undefined) this.#inStep = { lineage: saved.lineage, revision: saved.inStep };
  }

  #isExpected(): boolean {
    const { bus, clock } = this.#options;
    const now = clock.now();
    if (bus.state.kind !== "connected") return false;
    return this.#newest.isTold(now) || now - this.#listeningSince < EXPECT_MS;
  }

  #onBus(): void {
    const { bus, clock } = this.#options;
    if (bus.state.kind === "connected") {
      this.#listeningSince = clock.now();
      // Events may have been missed meanwhile.
      this.#askSoon();
    } else this.#followed.releaseAll();
  }

  #onAlive(data: Buffer): void {
    const mark = readAlive(data)?.policy;
    if (mark === undefined) return;
    this.#newest.hear(mark, this.#options.clock.now());
    if (!sameMark(this.#newest.mark, this.#settled) || this.#isDue()) this.#askSoon();
  }

  #onEvent(data: Buffer): void {
    const event = readPolicyEvent(data);
    if (event === undefined) return;
    const { lineage, revision, previous, services } = event;
    this.#newest.hear(event, this.#options.clock.now());
    if (sameMark(this.#newest.mark, this.#settled)) return;
    const before = previous === undefined ? undefined : { lineage, revision: previous };
    const nothingForUs = services?.every((service) => this.#followed.peek(service) === undefined) === true;
    const isNext = before !== undefined && sameMark(this.#settled, before);
    if (!nothingForUs || !isNext || this.#asking || this.#isDue()) {
      this.#askSoon();
      return;
    }
    this.#settled = { lineage, revision };
    if (sameMark(this.#inStep, before)) this.#stepTo(this.#settled);
  }

  #isDue(): boolean {
    return this.#followed.all().some(({ due }) => due);
  }

  #askSoon(afterMs = 0): void {
    if (this.#closed || this.#cancelSoon !== undefined) return;
    this.#cancelSoon = this.#options.clock.after(afterMs + Math.random() * SPREAD_MS, () => {
      this.#cancelSoon = undefined;
      void this.#ask();
    });
  }

  async #ask(): Promise<void> {
    if (this.#asking) {
      this.#again = true;
      return;
    }
    this.#asking = true;
    do {
      this.#again = false;
      await this.#askForAll();
    } while (this.#again && !this.#closed);
    this.#asking = false;
  }

  /** One question for all services, and more for as long as they, or the answers, do not fit into one message. */
  async #askForAll(): Promise<void> {
    const all = this.#followed.all();
    let first: PolicyMark | undefined;
    let isWhole = true;
    for (let rest = all; rest.length > 0; ) {
      const asked = rest.slice(0, Math.ceil(this.#options.bus.maxPayload / ENTRY_BYTES));
      const answer = await this.#askFor(asked);
      if (answer === undefined) this.#unanswered();
      if (answer === undefined || this.#closed) return;
      const now = this.#options.clock.now();
      if (!this.#newest.takes(answer, now) || (first && answer.lineage !== first.lineage)) {
        this.#askSoon(RETRY_MS);
        return;
      }
      this.#newest.hear(answer, now);
      first ??= { lineage: answer.lineage, revision: answer.revision };
      isWhole = this.#take(answer) && isWhole;
      const told = new Set([...answer.services.map(([service]) => service), ...(answer.tooLarge ?? [])]);
      if (answer.more && told.size > 0) rest = rest.filter(({ service }) => !told.has(service));
      else rest = rest.slice(asked.length);
    }
    this.#settle(all, first!, isWhole);
  }

  /** Nobody is there to answer: then nobody waits for it, until a registry is heard. */
  #unanswered(): void {
    if (this.#newest.isTold(this.#options.clock.now())) return;
    this.#listeningSince = Number.NEGATIVE_INFINITY;
    this.#followed.releaseAll();
  }

  async #askFor(followed: readonly FollowedPolicy[]): Promise<PolicyAnswer | undefined> {
    const { lineage } = this.#followed;
    const request: PolicyRequest = {
      have: followed.map(({ service, revision }) => [service, revision]),
      ...(lineage === undefined ? {} : { lineage }),
    };
    const subject = subjects.get("policy", this.#options.caller);
    const answer = await this.#asker.ask(subject, pack(request), ASK_TIMEOUT_MS);
    return answer && readPolicyAnswer(answer);
  }

  /** @returns false when some services keep their last good policy */
  #take(answer: PolicyAnswer): boolean {
    const { changed, refused, isWhole } = this.#followed.take(answer);
    for (const { service, why } of refused) {
      const message = `${service} keeps the policy it had, because the new one is not taken: ${why}`;
      this.#options.say?.("warn", message, "policy-refused");
    }
    for (const service of changed) for (const listener of this.#changeListeners) listener(service);
    this.#unsaved ||= changed.length > 0;
    return isWhole;
  }

  /** Ends a question: what was asked for is now what there is at `mark`, but for what could not be taken. */
  #settle(asked: readonly FollowedPolicy[], mark: PolicyMark, isWhole: boolean): void {
    for (const one of asked) {
      one.due = false;
      release(one);
    }
    this.#settled = mark;
    // Those followed since are not known yet: then the next question is under way.
    if (isWhole && this.#followed.all().every(({ revision }) => revision !== null)) this.#stepTo(mark);
    if (this.#unsaved) this.#save();
    if (!sameMark(this.#newest.mark, mark)) this.#askSoon();
  }

  #stepTo(mark: PolicyMark): void {
    if (sameMark(mark, this.#inStep)) return;
    this.#inStep = mark;
    for (const listener of this.#stepListeners) listener();
  }

  #save(): void {
    this.#unsaved = false;
    const saved = this.#followed.saved(this.#inStep);
    if (saved !== undefined) this.#options.lastKnown?.save(saved);
  }
}
